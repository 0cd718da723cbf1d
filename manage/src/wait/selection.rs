//! The selection of databases.

use crate::command::Context;
use crate::error::{CommandError, Exit, Result};
use crate::settings::{DatabaseSettings, Ending, SettingsError};

/// Returns the databases of these aliases, or all, or none; `default` if nothing is selected. Duplicates are
/// removed.
pub(crate) fn databases(
    cx: &Context,
    aliases: &[String],
    all: bool,
    none: bool,
) -> Result<Vec<DatabaseSettings>> {
    if none {
        return Ok(Vec::new());
    }
    let settings = cx.try_settings().map_err(|error| configuration(error.clone()))?;
    if all {
        let all: Vec<DatabaseSettings> = settings.databases().cloned().collect();
        if all.is_empty() {
            // In production `default` must be set.
            settings.database(DatabaseSettings::DEFAULT_ALIAS).map_err(configuration)?;
        }
        return Ok(all);
    }
    let default = [DatabaseSettings::DEFAULT_ALIAS.to_owned()];
    let mut chosen: Vec<DatabaseSettings> = Vec::new();
    for alias in if aliases.is_empty() { &default } else { aliases } {
        let database = cx.database(alias)?;
        if chosen.iter().all(|chosen| chosen.alias != database.alias) {
            chosen.push(database.settings().clone());
        }
    }
    Ok(chosen)
}

fn configuration(error: SettingsError) -> anyhow::Error {
    let timed_out = error.ending() == Ending::TimedOut;
    let error = CommandError::from(error);
    if timed_out { error.into() } else { error.exit_code(Exit::CONFIGURATION).into() }
}
