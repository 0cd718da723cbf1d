//! The implementation of [`Operations`] for PostgreSQL.

use diesel::QueryResult;

use super::{codes, lock, open, pooler, remedy};
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{HeldLock, LockSession};
use crate::database::operations::{Operations, ProbeConnection, version_number};
use crate::database::{
    ConnectError, Connection, PlainSession, Pooling, PostgresConnection, Reason, Requirements, ServerError,
};
use crate::settings::DatabaseSettings;

pub(crate) struct Postgres;

impl Operations for Postgres {
    fn check_settings(&self, settings: &DatabaseSettings) -> Result<(), ConnectError> {
        open::check(settings)
    }

    fn open(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
        PostgresConnection::open(settings).map(Connection::Postgres)
    }

    fn open_to_migrate(
        &self,
        settings: &DatabaseSettings,
        owner: &str,
    ) -> Result<(Connection, Pooling), ConnectError> {
        let mut settings = settings.clone();
        if !["application_name", "fallback_application_name"]
            .iter()
            .any(|name| settings.parameters.contains_key(*name))
        {
            lock::name_session(&mut settings, owner);
        }
        let (connection, pooling) = pooler::open_marked(&settings)?;
        Ok((Connection::Postgres(connection), pooling))
    }

    fn has_mark(&self, connection: &mut Connection, mark: &str) -> bool {
        match connection {
            Connection::Postgres(connection) => pooler::has_mark(connection, mark),
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => true,
        }
    }

    fn open_probe(
        &self,
        settings: &DatabaseSettings,
        _: &Requirements,
    ) -> Result<Box<dyn ProbeConnection>, ConnectError> {
        Ok(Box::new(PlainSession::open(settings)?))
    }

    fn open_lock(
        &self,
        settings: &DatabaseSettings,
        name: LockName,
        owner: &str,
    ) -> Result<Box<dyn LockSession>, LockError> {
        Ok(Box::new(lock::PostgresSession::open(settings, name, owner)?))
    }

    fn try_lock(
        &self,
        connection: &mut Connection,
        _: &DatabaseSettings,
        name: &LockName,
        _: &str,
    ) -> Result<Option<HeldLock>, LockError> {
        lock::try_lock(connection, name)
    }

    fn lock_holder(
        &self,
        connection: &mut Connection,
        _: &DatabaseSettings,
        name: &LockName,
    ) -> Option<LockHolder> {
        lock::holder(connection, name)
    }

    fn blocker(&self, connection: &mut Connection, names: &[String]) -> Option<LockHolder> {
        lock::blocker(connection, names)
    }

    fn unlock(&self, connection: &mut Connection, name: &LockName) -> QueryResult<()> {
        lock::unlock(connection, name)
    }

    fn version_expression(&self) -> &'static str {
        "current_setting('server_version')"
    }

    fn product(&self, answer: &str) -> String {
        format!("PostgreSQL {}", version_number(answer))
    }

    /// Returns the query for Diesel's table; the search path determines its schema.
    fn migrations_table_query(&self) -> &'static str {
        "SELECT 'there' AS text FROM pg_catalog.pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
    }

    fn migrations_schema_query(&self) -> &'static str {
        // A new session has none of the catalogs in its memory, and queries of `pg_class` take it three times as long.
        "SELECT o.schema AS schema, \
         CASE WHEN pg_catalog.to_regclass(o.schema || '.__manage_migrations') IS NULL THEN 0 ELSE 1 END::bigint AS journals \
         FROM pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, \
         pg_catalog.to_regclass('__diesel_schema_migrations'), 0) AS o WHERE o.schema IS NOT NULL"
    }

    fn reason(&self, error: &ServerError) -> Reason {
        error.sqlstate().map_or(Reason::Other, Reason::of_sqlstate)
    }

    fn remedy(&self, error: &ServerError) -> Option<String> {
        remedy::remedy(error)
    }

    fn connect_hint(&self, code: &str) -> Option<&'static str> {
        codes::connect_hint(code)
    }

    fn may_lack_migrations(&self, error: &ServerError) -> bool {
        error.sqlstate().is_none_or(codes::is_missing_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_without_what_builders_append() {
        assert_eq!(Postgres.product("15.18 (Debian 15.18-0+deb12u1)"), "PostgreSQL 15.18");
        assert_eq!(Postgres.product("17beta1"), "PostgreSQL 17beta1");
    }
}
