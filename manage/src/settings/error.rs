//! Errors in the settings, and their location.

use std::fmt;

use crate::console::printable;
use crate::error::{CommandError, Exit};

/// A missing, unknown or invalid setting. The message names the file and line, or the variable, but never a
/// password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    message: String,
    hint: Option<String>,
    ending: Ending,
}

/// How a command that fails with the error exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the exit code of a configuration error.
    Configuration,
    /// The same, unless the alias of a database was a value of the command line.
    UnknownAlias,
    /// With the exit code of a timeout.
    TimedOut,
}

impl SettingsError {
    /// Creates an error from a sentence. Names and values in it come from files and variables, and must not
    /// move a terminal's cursor.
    pub(crate) fn new(message: impl AsRef<str>) -> Self {
        let message = printable(message.as_ref()).into_owned();
        Self { message, hint: None, ending: Ending::Configuration }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(printable(hint.as_ref()).into_owned());
        self
    }

    /// Marks the error as an unknown database alias.
    #[must_use]
    pub(super) fn unknown_alias(self) -> Self {
        Self { ending: Ending::UnknownAlias, ..self }
    }

    /// Makes a command that fails with it exit with the timeout exit code.
    #[must_use]
    pub(crate) fn timed_out(self) -> Self {
        Self { ending: Ending::TimedOut, ..self }
    }

    pub(crate) fn ending(&self) -> Ending {
        self.ending
    }

    /// Returns how to fix it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SettingsError {}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        let command_error = CommandError::fixable(&error, error.hint_text());
        match error.ending() {
            Ending::Configuration | Ending::UnknownAlias => command_error.exit_code(Exit::CONFIGURATION),
            Ending::TimedOut => command_error.exit_code(Exit::TIMED_OUT),
        }
    }
}
