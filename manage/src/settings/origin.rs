//! What a setting was read from, so that an error can name it.

use std::fmt;
use std::path::PathBuf;

/// The source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was said: the value is the built-in one.
    Default,
    /// An environment variable.
    Environment(String),
    /// A variable, the file it stands in (`.env`), and the line, counted from 1.
    EnvFile(String, PathBuf, usize),
    /// A settings file and the line, counted from 1.
    File(PathBuf, usize),
    /// The program's own code: a test, or a caller of this library.
    Code,
}

impl Origin {
    /// Whether it was a variable that names a file with a secret.
    pub(crate) fn is_secret_file(&self) -> bool {
        matches!(self, Self::Environment(name) | Self::EnvFile(name, ..) if name.ends_with("_FILE"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the defaults"),
            Self::Environment(variable) => write!(f, "{variable} (environment)"),
            Self::EnvFile(variable, file, line) => write!(f, "{variable} ({}, line {line})", file.display()),
            Self::File(file, line) => write!(f, "{}, line {line}", file.display()),
            Self::Code => f.write_str("the program"),
        }
    }
}
