//! What is wrong with the settings, and where.

use std::fmt;

/// A setting that is missing, unknown or wrong. It names the file and line, or the variable; never a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    message: String,
    hint: Option<String>,
    ends_with_configuration: bool,
}

impl SettingsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, ends_with_configuration: false }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A command that fails with it has the exit code of a configuration error.
    #[must_use]
    pub(crate) fn with_configuration_exit(self) -> Self {
        Self { ends_with_configuration: true, ..self }
    }

    pub(crate) fn has_configuration_exit(&self) -> bool {
        self.ends_with_configuration
    }

    /// How to mend it.
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
