//! The implementation of [`Operations`] for MySQL and MariaDB.

use diesel::QueryResult;

use super::probe::MysqlProbe;
use super::{codes, connection, lock, remedy};
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{HeldLock, LockSession};
use crate::database::operations::{Operations, ProbeConnection, version_number};
use crate::database::{ConnectError, Connection, MysqlConnection, Reason, Requirements, ServerError};
use crate::settings::DatabaseSettings;

pub(crate) struct Mysql;

impl Operations for Mysql {
    fn check_settings(&self, settings: &DatabaseSettings) -> Result<(), ConnectError> {
        connection::check(settings)
    }

    fn open(&self, settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
        MysqlConnection::open(settings).map(Connection::Mysql)
    }

    fn open_probe(
        &self,
        settings: &DatabaseSettings,
        _: &Requirements,
    ) -> Result<Box<dyn ProbeConnection>, ConnectError> {
        Ok(Box::new(MysqlProbe::open(settings)?))
    }

    fn open_lock(
        &self,
        settings: &DatabaseSettings,
        name: LockName,
        _: &str,
    ) -> Result<Box<dyn LockSession>, LockError> {
        Ok(Box::new(lock::MysqlSession::open(settings, &name)?))
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

    fn blocker(&self, connection: &mut Connection, _: &[String]) -> Option<LockHolder> {
        lock::oldest_transaction(connection)
    }

    fn unlock(&self, connection: &mut Connection, name: &LockName) -> QueryResult<()> {
        lock::unlock(connection, name)
    }

    fn version_expression(&self) -> &'static str {
        "version()"
    }

    fn product(&self, answer: &str) -> String {
        let name = if answer.contains("MariaDB") { "MariaDB" } else { "MySQL" };
        format!("{name} {}", version_number(answer))
    }

    fn migrations_table_query(&self) -> &'static str {
        "SELECT 'there' AS text FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'"
    }

    fn migrations_schema_query(&self) -> &'static str {
        "SELECT CONCAT('`', REPLACE(DATABASE(), '`', '``'), '`') AS `schema`, CAST(SUM(table_name = '__manage_migrations') AS SIGNED) AS journals \
         FROM information_schema.tables WHERE table_schema = DATABASE() \
         AND table_name IN ('__diesel_schema_migrations', '__manage_migrations') \
         HAVING SUM(table_name = '__diesel_schema_migrations') > 0"
    }

    fn reason(&self, error: &ServerError) -> Reason {
        error.number().map_or(Reason::Other, Reason::of_mysql)
    }

    fn remedy(&self, error: &ServerError) -> Option<String> {
        remedy::remedy(error)
    }

    fn connect_hint(&self, code: &str) -> Option<&'static str> {
        codes::connect_hint(code)
    }

    fn may_lack_migrations(&self, error: &ServerError) -> bool {
        error.number().is_none_or(codes::is_missing_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_without_what_builders_append() {
        assert_eq!(Mysql.product("10.11.19-MariaDB-0+deb12u1"), "MariaDB 10.11.19");
        assert_eq!(Mysql.product("8.4.2"), "MySQL 8.4.2");
    }
}
