//! The name of the environment that the program runs in: development, production, …

use super::SettingsError;
use super::file::Parsed;
use super::variables::Variables;

/// What it is where nothing is said.
pub(super) const DEVELOPMENT: &str = "development";

/// What makes dangerous commands careful.
pub(super) const PRODUCTION: &str = "production";

/// `MANAGE_ENV`, or `environment` of the file: letters, digits, `-` and `_`. Capitals do not count, and `prod` and `dev`
/// are short for the two that everybody has.
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
        return Err(SettingsError::new(format!("{place}: '{text}' is no name of an environment."))
            .hint("Write production, development, or a name of yours of letters, digits, - and _."));
    }
    Ok(match name.as_str() {
        "prod" => PRODUCTION.to_owned(),
        "dev" => DEVELOPMENT.to_owned(),
        _ => name,
    })
}
