//! Why the migrations of a program cannot be used.

use std::fmt;

use crate::console::printable;
use crate::settings::Backend;

/// Why the migrations of a program cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// An app has migrations, but none for this backend.
    NoFolder {
        /// The app's label.
        app: &'static str,
        /// The backend of the database.
        backend: Backend,
        /// The source location of `manage::migrations!`.
        place: String,
    },
    /// Two migrations have the same version. Diesel records only the version, so it would never apply the
    /// second one.
    SameVersion {
        /// The names of the two directories.
        names: [String; 2],
    },
    /// A migration's dependency does not exist, or is not clear.
    Dependency {
        /// The path of `metadata.toml`.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder { app, backend, place } => {
                write!(f, "The app '{app}' has no migrations for {backend}: name their directory at {place}.")
            }
            Self::SameVersion { names: [first, second] } => {
                write!(
                    f,
                    "Two migrations have the same version: {first} and {second}. Give one of them another timestamp."
                )
            }
            Self::Dependency { file, line, problem } => {
                write!(f, "{}, line {line}: {problem}", printable(file))
            }
        }
    }
}

impl std::error::Error for SourceError {}
