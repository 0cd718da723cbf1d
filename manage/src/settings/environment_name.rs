//! The name of the environment that the program runs in: development, production, …

use super::SettingsError;
use super::file::Parsed;
use super::variables::Variables;
use crate::console::echo;

/// The default environment.
pub(super) const DEVELOPMENT: &str = "development";

/// The environment in which dangerous commands require confirmation.
pub(super) const PRODUCTION: &str = "production";

/// Returns `MANAGE_ENV`, or `environment` of the file: letters, digits, `-` and `_`. Case is ignored, and
/// `prod` and `dev` are short forms of the two common names.
pub(super) fn environment(
    variables: &Variables<'_>,
    parsed: &Parsed,
    file: &str,
) -> Result<String, SettingsError> {
    let (text, place) = match (variables.plain("MANAGE_ENV")?, &parsed.file.environment) {
        (Some(value), _) => (value.text.expose().to_owned(), value.origin.to_string()),
        (None, Some(text)) => (text.get_ref().clone(), format!("{file}, line {}", parsed.line(text.span()))),
        (None, None) => return Ok(DEVELOPMENT.to_owned()),
    };
    let name = text.trim().to_lowercase();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(SettingsError::new(format!("{place}: '{}' is no name of an environment.", echo(&text)))
            .hint("Write production, development, or a name of yours of letters, digits, - and _."));
    }
    Ok(match name.as_str() {
        "prod" => PRODUCTION.to_owned(),
        "dev" => DEVELOPMENT.to_owned(),
        _ => name,
    })
}
