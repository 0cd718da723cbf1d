//! Why migrations are not squashed.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::console::printable;
use crate::migrations::TargetError;

/// Why migrations are not squashed. Nothing was changed.
#[derive(Debug)]
pub(crate) enum SquashError {
    /// No migration, or more than one, has this name.
    Target(TargetError),
    /// The first one is after the last one.
    Backwards {
        /// The name of the first.
        first: String,
        /// The name of the last.
        last: String,
    },
    /// There is only one.
    Single(String),
    /// The program has a migration whose directory does not exist, or the reverse.
    Stale(PathBuf),
    /// A directory contains something that the new one would not.
    Foreign(PathBuf),
    /// What follows a file would become part of its last statement.
    Unfinished(PathBuf),
    /// `metadata.toml` cannot be understood.
    Metadata(PathBuf, String),
    /// The name cannot be a directory's, or is taken.
    Name(String),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for SquashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => write!(f, "{error}"),
            Self::Backwards { first, last } => {
                write!(f, "{} is after {}: name the older one first.", printable(first), printable(last))
            }
            Self::Single(name) => {
                write!(
                    f,
                    "There is nothing to squash: {} is the only migration of the range.",
                    printable(name)
                )
            }
            Self::Stale(path) => {
                write!(f, "This program is not built from the present migrations: see {}.", printable(path))
            }
            Self::Foreign(path) => {
                write!(f, "{} would be deleted, and is not a part of a migration.", printable(path))
            }
            Self::Unfinished(path) => write!(
                f,
                "The last statement or comment of {} is not complete, so nothing can follow it.",
                printable(path)
            ),
            Self::Metadata(path, why) => write!(f, "{} cannot be read: {}", printable(path), printable(why)),
            Self::Name(why) => f.write_str(why),
            Self::Io(path, error) => write!(f, "{} cannot be read or written: {error}.", printable(path)),
        }
    }
}

impl std::error::Error for SquashError {}
