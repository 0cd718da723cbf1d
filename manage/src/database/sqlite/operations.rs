//! The implementation of [`Operations`] for SQLite.

use super::probe::SqliteProbe;
use super::{file, lock, remedy};
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{HeldLock, LockSession};
use crate::database::operations::{Operations, ProbeConnection, version_number};
use crate::database::{ConnectError, Connection, Reason, Requirements, ServerError, is_sqlite_syntax_error};
use crate::settings::DatabaseSettings;

pub(crate) struct Sqlite;

impl Operations for Sqlite {
    fn open(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
        file::open(settings).map(Connection::Sqlite)
    }

    fn open_to_read(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
        file::open_to_read(settings).map(Connection::Sqlite)
    }

    fn open_probe(
        &self,
        settings: &DatabaseSettings,
        requirements: &Requirements,
    ) -> Result<Box<dyn ProbeConnection>, ConnectError> {
        Ok(Box::new(SqliteProbe::open(settings, requirements)?))
    }

    fn open_lock(
        &self,
        settings: &DatabaseSettings,
        name: LockName,
        owner: &str,
    ) -> Result<Box<dyn LockSession>, LockError> {
        Ok(Box::new(lock::FileSession::open(settings, &name, owner)?))
    }

    fn try_lock(
        &self,
        _: &mut Connection,
        settings: &DatabaseSettings,
        name: &LockName,
        owner: &str,
    ) -> Result<Option<HeldLock>, LockError> {
        lock::try_lock(settings, name, owner)
    }

    fn lock_holder(
        &self,
        _: &mut Connection,
        settings: &DatabaseSettings,
        name: &LockName,
    ) -> Option<LockHolder> {
        lock::holder(settings, name)
    }

    /// Returns whether the database is in memory.
    fn is_private(&self, settings: &DatabaseSettings) -> bool {
        file::path(&settings.name).is_none()
    }

    fn version_expression(&self) -> &'static str {
        "sqlite_version()"
    }

    fn product(&self, answer: &str) -> String {
        format!("SQLite {}", version_number(answer))
    }

    fn migrations_table_query(&self) -> &'static str {
        "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
    }

    /// Always returns [`Reason::Other`].
    fn migrations_schema_query(&self) -> &'static str {
        "SELECT 'main' AS schema, (SELECT COUNT(*) FROM main.sqlite_master WHERE type = 'table' AND name = '__manage_migrations') AS journals \
         FROM main.sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
    }

    fn reason(&self, _: &ServerError) -> Reason {
        Reason::Other
    }

    fn remedy(&self, error: &ServerError) -> Option<String> {
        remedy::remedy(error)
    }

    fn connect_hint(&self, _: &str) -> Option<&'static str> {
        None
    }

    /// "no such table" has no code of its own.
    fn may_lack_migrations(&self, error: &ServerError) -> bool {
        error.code().is_none() && !is_sqlite_syntax_error(error.message())
    }
}
