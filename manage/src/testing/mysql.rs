//! What making and dropping databases is on MySQL and MariaDB. All names are ours, and need no quotes.
//!
//! There is nothing to copy a database with: `CREATE TABLE … LIKE` leaves out foreign keys, views and triggers. So each
//! test's database gets the migrations anew.

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use super::names;
use super::texts::texts;
use crate::database::Connection;
use crate::settings::DatabaseSettings;
use crate::{CommandError, Result};

/// A session that is marked as this process's.
pub(super) fn open(settings: &DatabaseSettings) -> Result<Connection> {
    // Everybody may use it.
    let beside = DatabaseSettings { name: "information_schema".to_owned(), ..settings.clone() };
    let mut connection = Connection::open(&beside).map_err(|error| {
        CommandError::from(error)
            .hint("The tests' databases are made on this server; TEST_DATABASE_URL names another one.")
    })?;
    // The session says that this process lives: the server must not end it for being idle.
    connection.batch_execute("SET SESSION wait_timeout = 604800")?;
    texts(
        &mut connection,
        &format!("SELECT CAST(GET_LOCK('{}{}', 0) AS CHAR) AS text", names::SESSION, names::key()),
    )?;
    Ok(connection)
}

pub(super) fn create(connection: &mut Connection, settings: &DatabaseSettings, name: &str) -> Result<()> {
    connection.batch_execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).map_err(|error| {
        let user = settings.user.as_deref().unwrap_or("USER");
        let pattern = names::TEST.replace('_', "\\_");
        CommandError::new(format!("There can be no database for the test: {settings}."))
            .hint(format!("May the user create one? GRANT ALL PRIVILEGES ON `{pattern}%`.* TO '{user}'@'%';"))
            .hint("Or name a server and a user for the tests in TEST_DATABASE_URL.")
            .caused_by(error)
    })?;
    Ok(())
}

/// Connections that are still open are ended first: an open transaction would hold it up.
pub(super) fn drop_database(connection: &mut Connection, name: &str) -> QueryResult<()> {
    let sessions =
        format!("SELECT CAST(id AS CHAR) AS text FROM information_schema.processlist WHERE db = '{name}'");
    for session in texts(connection, &sessions)? {
        // It may have ended by itself.
        let _ = connection.batch_execute(&format!("KILL {session}"));
    }
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
}

/// The databases of processes that are gone.
pub(super) fn leftovers(connection: &mut Connection) -> QueryResult<Vec<String>> {
    // A pattern would need a backslash, whose meaning depends on the server's sql_mode.
    let sql = format!(
        "SELECT schema_name AS text FROM information_schema.schemata WHERE LEFT(schema_name, {}) = '{}'",
        names::TEST.len(),
        names::TEST
    );
    let mut leftovers = Vec::new();
    for name in texts(connection, &sql)? {
        let Some(key) = names::owner(&name) else { continue };
        let free = format!("SELECT CAST(IS_FREE_LOCK('{}{key}') AS CHAR) AS text", names::SESSION);
        if texts(connection, &free)?.first().is_some_and(|free| free == "1") {
            leftovers.push(name);
        }
    }
    Ok(leftovers)
}
