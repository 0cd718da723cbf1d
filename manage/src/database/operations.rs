//! The differences between the backends: one method for each difference, and one implementation in each of
//! `postgres/`, `mysql/` and `sqlite/`.

use std::time::Duration;

use diesel::QueryResult;

use super::lock::error::LockError;
use super::lock::holder::LockHolder;
use super::lock::name::LockName;
use super::lock::session::{HeldLock, LockSession};
use super::{ConnectError, Connection, Pooling, Reason, Requirements, ServerError, ServerInstance};
use crate::settings::{Backend, DatabaseSettings};

/// A backend that this program was built with.
pub(crate) trait Operations: Sync {
    /// Fails if the settings themselves make every attempt fail, without attempting one: no user, an unknown
    /// parameter.
    fn check_settings(&self, _settings: &DatabaseSettings) -> Result<(), ConnectError> {
        Ok(())
    }

    /// Connects, within the settings' time limit.
    fn open(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError>;

    /// Connects for reading only: a database that does not exist is not created, and appears empty.
    fn open_to_read(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
        self.open(settings)
    }

    /// Connects to apply migrations; `owner` is shown to waiting processes. Also returns whether the connection
    /// goes through a pooler.
    fn open_to_migrate(
        &self,
        settings: &DatabaseSettings,
        _owner: &str,
    ) -> Result<(Connection, Pooling), ConnectError> {
        Ok((self.open(settings)?, Pooling::Known(false)))
    }

    /// Returns whether the session has the mark with which [`Operations::open_to_migrate`] has opened it.
    fn has_mark(&self, _connection: &mut Connection, _mark: &str) -> bool {
        true
    }

    /// Connects for a probe, without changing anything.
    fn open_probe(
        &self,
        settings: &DatabaseSettings,
        requirements: &Requirements,
    ) -> Result<Box<dyn ProbeConnection>, ConnectError>;

    /// Opens a separate session that can take a lock. `owner` is shown to waiting processes.
    fn open_lock(
        &self,
        settings: &DatabaseSettings,
        name: LockName,
        owner: &str,
    ) -> Result<Box<dyn LockSession>, LockError>;

    /// Takes a lock on this connection if it is free, without waiting. `owner` is shown to waiting processes
    /// where the lock is a file; a server shows its session.
    fn try_lock(
        &self,
        connection: &mut Connection,
        settings: &DatabaseSettings,
        name: &LockName,
        owner: &str,
    ) -> Result<Option<HeldLock>, LockError>;

    /// Returns the other holder of a lock, as far as the database reports it.
    fn lock_holder(
        &self,
        connection: &mut Connection,
        settings: &DatabaseSettings,
        name: &LockName,
    ) -> Option<LockHolder>;

    /// Returns a session that may keep a statement from getting a lock: one that has locks on something with one
    /// of these names, or, where the server does not show locks, the oldest transaction.
    fn blocker(&self, _connection: &mut Connection, _names: &[String]) -> Option<LockHolder> {
        None
    }

    /// Releases a lock of [`Operations::try_lock`] that the connection's session holds.
    fn unlock(&self, _connection: &mut Connection, _name: &LockName) -> QueryResult<()> {
        Ok(())
    }

    /// Returns whether each connection has a database of its own, which ends with the connection.
    fn is_private(&self, _settings: &DatabaseSettings) -> bool {
        false
    }

    /// Returns the SQL expression for [`Operations::product`].
    fn version_expression(&self) -> &'static str;

    /// Returns the product and its version, such as `PostgreSQL 15.18`, from the server's answer, to which
    /// distributions append their own names: `15.18 (Debian …)`.
    fn product(&self, answer: &str) -> String;

    /// Returns a query for one row with a column `text` if Diesel's table of migrations exists, and for none
    /// otherwise.
    fn migrations_table_query(&self) -> &'static str;

    /// Returns a query for one row if Diesel's table of migrations exists, and for none otherwise: `schema`,
    /// the schema or database that it is in, quoted, and `journals`, the number of tables `__manage_migrations`
    /// there.
    fn migrations_schema_query(&self) -> &'static str;

    /// Returns the reason of an error that the server reports about a statement, by its code.
    fn reason(&self, error: &ServerError) -> Reason;

    /// Returns a hint of one or two sentences for a statement's error.
    fn remedy(&self, error: &ServerError) -> Option<String>;

    /// Returns the hint for a connection error, by its code.
    fn connect_hint(&self, code: &str) -> Option<&'static str>;

    /// Returns whether unapplied migrations may be the cause: an object does not exist, or the code leaves it
    /// open.
    fn may_lack_migrations(&self, error: &ServerError) -> bool;
}

/// The connection of a probe. Each method has a time limit.
pub(crate) trait ProbeConnection {
    /// Returns the product and its version.
    fn version(&mut self, limit: Duration) -> Result<String, ConnectError>;

    /// Fails if the database accepts no writes.
    fn require_writable(&mut self, limit: Duration) -> Result<(), ConnectError>;

    /// Returns the column `text` of all rows, without the NULLs.
    fn texts(&mut self, limit: Duration, query: &str) -> Result<Vec<String>, ConnectError>;

    /// Identifies the server's instance; `None` if it does not report one, or for a file.
    fn server_instance(&mut self, _limit: Duration) -> Option<ServerInstance> {
        None
    }

    /// Completes the session's setup as for a command, and closes it, so that a command can use every
    /// database that a probe accepts. The setup turns the driver's session into a Diesel connection with
    /// prepared statements, which not every pooler accepts.
    fn try_set_up(self: Box<Self>, _limit: Duration) -> Result<(), ConnectError> {
        Ok(())
    }
}

/// Returns the backend's operations, if this program was built with it.
pub(crate) fn operations(backend: Backend) -> Option<&'static dyn Operations> {
    match backend {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite => Some(&super::sqlite::operations::Sqlite),
        #[cfg(feature = "postgres")]
        Backend::Postgres => Some(&super::postgres::operations::Postgres),
        #[cfg(feature = "mysql")]
        Backend::Mysql => Some(&super::mysql::operations::Mysql),
        #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

/// Returns the operations for the database of these settings, or an error if this program was built without
/// its backend.
pub(crate) fn operations_for(settings: &DatabaseSettings) -> Result<&'static dyn Operations, ConnectError> {
    operations(settings.backend).ok_or_else(|| {
        let message = format!("it was built without {}", settings.backend);
        ConnectError::new(settings, Reason::NotCompiledIn, message)
    })
}

/// Returns the version number, without a distribution's additions.
pub(super) fn version_number(answer: &str) -> &str {
    answer.split([' ', '-']).next().unwrap_or_default()
}
