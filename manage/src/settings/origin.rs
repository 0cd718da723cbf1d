//! The origin of a setting, for error messages.

use std::fmt;
use std::path::PathBuf;

use crate::console::{echo, printable};

/// The source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The built-in default.
    Default,
    /// An environment variable.
    Environment(String),
    /// A variable, its file (`.env`), and the line, counted from 1.
    EnvFile(String, PathBuf, usize),
    /// A settings file and the line, counted from 1.
    File(PathBuf, usize),
    /// The program's own code: a test, or a caller of this library.
    Code,
}

impl Origin {
    /// Returns whether it was a variable that names a file with a secret.
    pub(crate) fn is_secret_file(&self) -> bool {
        matches!(self, Self::Environment(name) | Self::EnvFile(name, ..) if name.ends_with("_FILE"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the defaults"),
            Self::Environment(variable) => write!(f, "{} (environment)", echo(variable)),
            Self::EnvFile(variable, file, line) => {
                write!(f, "{} ({}, line {line})", echo(variable), printable(file))
            }
            Self::File(file, line) => write!(f, "{}, line {line}", printable(file)),
            Self::Code => f.write_str("the program"),
        }
    }
}
