//! Arguments that do not fit a command.

use std::fmt;

use clap::error::{ContextValue, ErrorKind};

use super::Exit;

/// The arguments of a call do not fit the command. Its text is clap's, with the command's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    kind: ErrorKind,
    text: String,
}

impl UsageError {
    pub(crate) fn new(error: &clap::Error) -> Self {
        Self { kind: error.kind(), text: usage_text(error).trim_end().to_owned() }
    }

    /// What does not fit, in clap's terms.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code of a command line that has it: 2.
    pub fn exit_code(&self) -> Exit {
        Exit::USAGE
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for UsageError {}

/// What clap says. It repeats what it does not understand: a URL may hold a password, wherever it was put by mistake.
pub(crate) fn usage_text(error: &clap::Error) -> String {
    let repeated = error.context().filter_map(|(_, value)| match value {
        ContextValue::String(value) if value.contains("://") => Some(value),
        _ => None,
    });
    repeated.fold(error.render().to_string(), |text, value| text.replace(value.as_str(), "(a URL)"))
}
