//! The way to a lock, whichever the database has.

use super::session::Session;
use super::{IsolationError, LockName};
use crate::settings::{Backend, DatabaseSettings};

/// Opens the way to a lock. `owner` is shown to those who find it taken.
pub(super) fn open(
    settings: &DatabaseSettings,
    name: LockName,
    owner: &str,
) -> Result<Box<dyn Session>, IsolationError> {
    match settings.backend {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite => Ok(Box::new(super::sqlite::FileSession::open(settings, &name, owner)?)),
        #[cfg(feature = "postgres")]
        Backend::Postgres => Ok(Box::new(super::postgres::PostgresSession::open(settings, name, owner)?)),
        #[cfg(feature = "mysql")]
        Backend::Mysql => Ok(Box::new(super::mysql::MysqlSession::open(settings, &name)?)),
        #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
        #[allow(unreachable_patterns)]
        _ => {
            let _ = (name, owner);
            // It fails, and says what is missing.
            crate::database::Connection::open(settings).map_err(IsolationError::Connect)?;
            Err(IsolationError::NoLocks)
        }
    }
}
