//! Why a lock is not held.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::ConnectError;

/// Why there is no lock.
#[derive(Debug)]
#[non_exhaustive]
pub enum IsolationError {
    /// Another process holds it, and the time to wait is up.
    Busy {
        /// What is known of the holder: its program, its address, since when.
        holder: Option<String>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The database cannot be used.
    Connect(ConnectError),
    /// The database refused.
    Refused(String),
    /// The file of SQLite's lock cannot be opened or locked.
    File(PathBuf, io::Error),
    /// The database is in memory: no other process could see a lock.
    InMemory,
    /// The server is a standby, whose locks are not those of the primary.
    Standby,
    /// This program has no driver for the database.
    NoLocks,
}

impl From<ConnectError> for IsolationError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl fmt::Display for IsolationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { holder, waited } => {
                f.write_str("Another process holds the lock")?;
                if !waited.is_zero() {
                    write!(f, ", and the {} s to wait for it are over", waited.as_secs())?;
                }
                match holder {
                    Some(holder) => write!(f, ": {holder}."),
                    None => f.write_str("."),
                }
            }
            Self::Connect(error) => error.fmt(f),
            Self::Refused(message) => write!(f, "The lock cannot be taken: {message}."),
            Self::File(path, error) => write!(f, "The lock file {} cannot be used: {error}", path.display()),
            Self::InMemory => {
                f.write_str("The database is in memory, where no other process can see a lock.")
            }
            Self::Standby => {
                f.write_str("The server is a standby, whose locks are not those of the primary.")
            }
            Self::NoLocks => f.write_str("This program has no driver for the database."),
        }
    }
}

impl std::error::Error for IsolationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::File(_, error) => Some(error),
            _ => None,
        }
    }
}
