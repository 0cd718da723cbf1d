//! Why a lock cannot be taken.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::console::printable;
use crate::database::{ConnectError, LockError};

/// Why the lock cannot be taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum IsolationError {
    /// Another process holds it, and the time limit has passed.
    Busy {
        /// The known details of the holder: its program, its address, and since when it holds the lock.
        holder: Option<String>,
        /// How long this process waited.
        waited: Duration,
    },
    /// The database cannot be used.
    Connect(ConnectError),
    /// The database returned an error.
    Refused(String),
    /// The file of SQLite's lock cannot be opened or locked.
    File(PathBuf, io::Error),
    /// The database is in memory, so other processes could not see a lock.
    InMemory,
    /// The server is a standby, which does not share locks with the primary.
    Standby,
}

impl From<ConnectError> for IsolationError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<LockError> for IsolationError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Connect(error) => Self::Connect(error),
            LockError::Query(error) => Self::Refused(error.to_string()),
            LockError::Refused(message) => Self::Refused(message),
            LockError::File(path, error) => Self::File(path, error),
            LockError::InMemory => Self::InMemory,
            LockError::Standby => Self::Standby,
        }
    }
}

impl fmt::Display for IsolationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { holder, waited } => {
                f.write_str("Another process holds the lock")?;
                if !waited.is_zero() {
                    write!(f, ", and it was not released within {} s", waited.as_secs())?;
                }
                match holder {
                    Some(holder) => write!(f, ": {}.", printable(holder)),
                    None => f.write_str("."),
                }
            }
            Self::Connect(error) => error.fmt(f),
            Self::Refused(message) => write!(f, "Cannot acquire the lock: {message}."),
            Self::File(path, error) => {
                write!(f, "Cannot use the lock file {}: {error}", printable(path))
            }
            Self::InMemory => {
                f.write_str("The database is in memory, where no other process can see a lock.")
            }
            Self::Standby => {
                f.write_str("The server is a standby, whose locks are not those of the primary.")
            }
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
