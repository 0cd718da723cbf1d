//! Values as they are written in a variable or in `manage.toml`, with their origin.

use std::path::Path;
use std::str::FromStr;

use toml::Spanned;

use super::file::Parsed;
use super::variables::Variables;
use super::{Origin, SettingsError};

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

/// Parses a number from 1 up.
pub(super) fn positive<T: FromStr + PartialEq + From<u8>>(
    written: &Written<String>,
) -> Result<Option<T>, SettingsError> {
    let Some((text, origin)) = written else { return Ok(None) };
    // A value that is not a number may be a misplaced password, so it is not repeated.
    let wrong = || SettingsError::new(format!("{origin}: a whole number from 1 up is expected here."));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number != T::from(0)).map(Some).ok_or_else(wrong)
}
