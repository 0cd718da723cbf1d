//! Secrets that an option names by a variable or a file, so that they are not on the command line.

use super::load::env_file;
use super::trust::root::search_directories;
use super::variables::{Variables, read_secret};
use super::{Origin, Secret, SettingsError, Source};

/// Returns a variable and its location: from the environment, or else from `.env`; or the content of the file
/// that the variable `<NAME>_FILE` names. No other settings are read.
pub(crate) fn variable(source: &Source, name: &str) -> Result<Option<(Secret, Origin)>, SettingsError> {
    let file = env_file(source, &search_directories(&source.environment))?;
    let variables = Variables::new(&source.environment, file.as_ref());
    Ok(variables.get(name)?.map(|value| (value.text, value.origin)))
}

/// Reads the secret in a file that an option names.
pub(crate) fn file(source: &Source, path: &str, option: &str) -> Result<Secret, SettingsError> {
    let environment = &source.environment;
    // An option names the file, so nothing is passed over: completion does not read such options.
    Ok(read_secret(&environment.base(), path, option, environment)?.unwrap_or_default())
}
