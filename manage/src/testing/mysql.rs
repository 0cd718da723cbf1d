//! Creates and drops databases on MySQL and MariaDB. All names are generated here, and need no quotes.
//!
//! A database cannot be copied: `CREATE TABLE … LIKE` omits foreign keys, views and triggers. So the
//! migrations run in each test's database.

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use super::names;
use super::texts::texts;
use crate::database::Connection;
use crate::error::{CommandError, Result};
use crate::settings::DatabaseSettings;

/// Opens a session that identifies this process.
pub(super) fn open(settings: &DatabaseSettings) -> Result<Connection> {
    // Every user can connect to it.
    let beside = DatabaseSettings { name: "information_schema".to_owned(), ..settings.clone() };
    let mut connection = Connection::open(&beside).map_err(|error| {
        CommandError::from(error).hint(
            "The tests' databases are created on this server; set TEST_DATABASE_URL to use another one.",
        )
    })?;
    // The session shows that this process is running: the server must not terminate it for being idle.
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
        CommandError::new(format!("Cannot create a database for the test: {settings}."))
            .hint(format!("May the user create one? GRANT ALL PRIVILEGES ON `{pattern}%`.* TO '{user}'@'%'; (with the host that SHOW GRANTS shows)"))
            .hint("Or name a server and a user for the tests in TEST_DATABASE_URL.")
            .caused_by(error)
    })?;
    Ok(())
}

/// Takes the place of the id of a session that may be in another database.
pub(super) const READS: &str = "reads information_schema";

/// Returns a query for the ids of the sessions in a database, given as SQL.
///
/// While a session reads `information_schema`, MariaDB lists it in each database that it is reading about. It must
/// not be ended for that, so it has [`READS`] instead of its id.
pub(super) fn sessions(database: &str) -> String {
    format!(
        "SELECT IF(info LIKE '%information_schema%', '{READS}', CAST(id AS CHAR)) AS text \
         FROM information_schema.processlist WHERE db = {database} AND id <> CONNECTION_ID()"
    )
}

/// Drops a database. Its connections are terminated first: an open transaction would block the drop.
pub(super) fn drop_database(connection: &mut Connection, name: &str) -> QueryResult<()> {
    for session in texts(connection, &sessions(&format!("'{name}'")))?.iter().filter(|id| *id != READS) {
        // The session may have ended already.
        let _ = connection.batch_execute(&format!("KILL {session}"));
    }
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
}

/// Returns the databases of processes that have ended.
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
