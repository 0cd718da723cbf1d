//! Values as they are written in a variable or in `manage.toml`, with their origin.

use std::path::Path;

use toml::Spanned;

use super::file::Parsed;
use super::variables::Variables;
use super::{Origin, SettingsError};
use crate::console::echo;

/// A value and its origin.
pub(crate) type Written<T> = Option<(T, Origin)>;

/// Where values come from, in this order: a variable, or else a key of the file.
pub(super) struct Source<'a> {
    pub(super) variables: &'a Variables<'a>,
    pub(super) parsed: &'a Parsed,
    pub(super) file: Option<&'a Path>,
}

impl Source<'_> {
    /// Returns the value of the variable, or else of the table's key.
    pub(super) fn value<K, T>(
        &self,
        variable: &str,
        key: &Option<Spanned<K>>,
        of_variable: impl FnOnce(&str) -> T,
        of_key: impl FnOnce(&K) -> T,
    ) -> Result<Written<T>, SettingsError> {
        if let Some(value) = self.variables.plain(variable)? {
            return Ok(Some((of_variable(value.text.expose()), value.origin)));
        }
        Ok(key.as_ref().map(|key| (of_key(key.get_ref()), self.origin(key))))
    }

    /// Returns the place of a key in the file.
    pub(super) fn origin<K>(&self, key: &Spanned<K>) -> Origin {
        Origin::File(self.file.unwrap_or(Path::new("")).to_owned(), self.parsed.line(key.span()))
    }
}

/// A number that is parsed when it is used, with what its errors say.
#[derive(Clone, Debug, Default)]
pub(super) struct Amount {
    pub(super) written: Written<String>,
    pub(super) variable: &'static str,
    pub(super) key: &'static str,
    /// What it counts, in the plural.
    pub(super) unit: &'static str,
    pub(super) least: u32,
    /// A likely value.
    pub(super) example: u32,
}

impl Amount {
    /// Parses it.
    pub(super) fn number<T: TryFrom<u64>>(&self) -> Result<Option<T>, SettingsError> {
        let Some((text, origin)) = &self.written else { return Ok(None) };
        let Self { variable, key, unit, least, example, .. } = self;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|number| plain && *number >= u64::from(*least));
        if let Some(number) = number.and_then(|number| T::try_from(number).ok()) {
            return Ok(Some(number));
        }
        let found = shown(text).map(|text| format!(", not {text}")).unwrap_or_default();
        let is_too_small = text.parse::<u64>().is_ok_and(|number| number < u64::from(*least));
        let is_too_large = plain && !text.is_empty() && !is_too_small;
        let range = match is_too_large {
            true => {
                format!("from {least} to {}", T::try_from(u64::MAX).map_or(u64::from(u32::MAX), |_| u64::MAX))
            }
            false => format!("from {least} up"),
        };
        Err(SettingsError::new(format!(
            "{origin}: {key} must be a whole number of {unit}, {range}{found}."
        ))
        .hint(format!(
            "Write the number without a unit: {variable}={example}, or {key} = {example} below [server] in manage.toml."
        )))
    }
}

/// Returns a key's value as it is written in the file. A text keeps its quotes, which make it another value.
pub(super) fn as_written(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => format!("\"{text}\""),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        toml::Value::Array(_) => "[…]".to_owned(),
        toml::Value::Table(_) => "{…}".to_owned(),
    }
}

/// Returns a wrong value for a message. What does not resemble an amount may be a misplaced password.
fn shown(text: &str) -> Option<String> {
    let (bare, is_quoted) = match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let is_number = |c: char| c.is_ascii_digit() || "+-., _".contains(c);
    let unit = bare.trim_start_matches(is_number).trim_end().to_ascii_lowercase();
    let is_amount =
        bare.len() <= 24 && (UNITS.contains(&&*unit) || WORDS.contains(&&*bare.to_ascii_lowercase()));
    let quote = if is_quoted { "" } else { "'" };
    is_amount.then(|| format!("{quote}{}{quote}", echo(text)))
}

/// Units that people write behind a number; none for one that is negative, too large or not whole.
const UNITS: [&str; 27] = [
    "", "ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hour",
    "hours", "d", "b", "byte", "bytes", "k", "kb", "kib", "mb", "mib", "g", "gb", "gib",
];

/// Words that people write for no limit.
const WORDS: [&str; 8] = ["none", "never", "off", "unlimited", "infinity", "inf", "false", "true"];
