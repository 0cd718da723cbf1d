//! Which databases are meant.

use crate::settings::{DatabaseSettings, SettingsError};
use crate::{CommandError, Context, Exit, Result};

/// The databases of these aliases, or all, or none; the one called `default` where nothing is said. No one twice.
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
            // In production it must be set.
            settings.database(DatabaseSettings::DEFAULT_ALIAS).map_err(configuration)?;
        }
        return Ok(all);
    }
    let default = [DatabaseSettings::DEFAULT_ALIAS.to_owned()];
    let mut chosen: Vec<DatabaseSettings> = Vec::new();
    for alias in if aliases.is_empty() { &default } else { aliases } {
        let database = cx.database(alias)?;
        if chosen.iter().all(|chosen| chosen.alias != database.alias) {
            chosen.push(database.clone());
        }
    }
    Ok(chosen)
}

fn configuration(error: SettingsError) -> anyhow::Error {
    CommandError::from(error).exit(Exit::CONFIGURATION.0).into()
}
