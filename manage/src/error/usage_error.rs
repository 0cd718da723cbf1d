//! The error of wrong arguments.

use std::fmt;

use clap::error::ErrorKind;

use super::Exit;

/// The error of wrong arguments for a command. Its text is clap's, after the command's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    kind: ErrorKind,
    text: String,
}

impl UsageError {
    pub(crate) fn new(kind: ErrorKind, text: String) -> Self {
        Self { kind, text }
    }

    /// Returns the kind of the error, in clap's terms.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the exit code of a command line with this error: 2.
    pub fn code(&self) -> Exit {
        Exit::USAGE
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for UsageError {}
