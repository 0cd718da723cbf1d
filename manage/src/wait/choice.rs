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
        return Ok(settings.databases().cloned().collect());
    }
    let default = [DatabaseSettings::DEFAULT_ALIAS.to_owned()];
    let mut chosen: Vec<DatabaseSettings> = Vec::new();
    for alias in if aliases.is_empty() { &default } else { aliases } {
        // What is no alias may be a URL or a line of keywords with a password, and is not repeated.
        if alias.contains(|c: char| !c.is_alphanumeric() && !['_', '-', '.'].contains(&c)) {
            let error = CommandError::new("--database takes an alias, not a URL.").exit(Exit::USAGE.0);
            return Err(error
                .hint("An alias is a word; the URL belongs into the settings: DATABASE_URL, DATABASE_URL_<ALIAS>.")
                .into());
        }
        let database = settings.database(alias).map_err(configuration)?;
        if chosen.iter().all(|chosen| chosen.alias != database.alias) {
            chosen.push(database.clone());
        }
    }
    Ok(chosen)
}

fn configuration(error: SettingsError) -> anyhow::Error {
    CommandError::from(error).exit(Exit::CONFIGURATION.0).into()
}
