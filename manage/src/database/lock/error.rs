//! Why a lock cannot be taken.

use std::io;
use std::path::PathBuf;

use crate::database::ConnectError;

/// The reason why a lock cannot be taken, other than that another process holds it.
#[derive(Debug)]
pub(crate) enum LockError {
    /// The database cannot be used.
    Connect(ConnectError),
    /// A statement failed.
    Query(diesel::result::Error),
    /// The server refuses the lock without reporting an error.
    #[cfg_attr(not(feature = "mysql"), expect(dead_code, reason = "MySQL alone does"))]
    Refused(String),
    /// SQLite's lock file cannot be opened or locked.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "SQLite alone has one"))]
    File(PathBuf, io::Error),
    /// The database is in memory: no other process could see a lock.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "SQLite alone has one"))]
    InMemory,
    /// The server is a standby, whose locks are separate from those of the primary.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "MySQL's replicas lock as any server does")
    )]
    Standby,
}

impl From<ConnectError> for LockError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<diesel::result::Error> for LockError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}
