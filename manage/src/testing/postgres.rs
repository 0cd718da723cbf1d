//! Creates and drops databases on PostgreSQL. All names are generated here, and need no quotes.

use std::time::{SystemTime, UNIX_EPOCH};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use super::names;
use super::texts::texts;
use crate::database::{ConnectError, Connection, Reason};
use crate::error::{CommandError, Result};
use crate::settings::DatabaseSettings;

/// How many days an unused template is kept.
const KEEP_DAYS: u64 = 7;

/// Opens a session outside of the test databases that identifies this process.
pub(super) fn open(settings: &DatabaseSettings) -> Result<Connection> {
    let mut connection = connect(settings).map_err(|error| {
        CommandError::from(error).hint(
            "The tests' databases are created on this server; set TEST_DATABASE_URL to use another one.",
        )
    })?;
    let may = texts(
        &mut connection,
        "SELECT CASE WHEN rolcreatedb OR rolsuper THEN 'yes' ELSE rolname::text END AS text \
         FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )?;
    if let Some(role) = may.first().filter(|answer| *answer != "yes") {
        return Err(CommandError::new(format!(
            "Tests need their own databases, but the role '{role}' cannot create any: {settings}."
        ))
        .hint(format!("As a superuser: ALTER ROLE \"{role}\" CREATEDB;"))
        .hint("Or name a server and a role for the tests in TEST_DATABASE_URL.")
        .into());
    }
    connection.batch_execute(&format!("SET application_name = '{}{}'", names::SESSION, names::key()))?;
    // The session shows that this process is running: the server must not terminate it for being idle. Since
    // PostgreSQL 14.
    texts(
        &mut connection,
        "SELECT set_config(name, '0', false) AS text FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'",
    )?;
    Ok(connection)
}

/// Connects to a maintenance database. `postgres` almost always exists. The configured database is the last
/// choice, because a database with connections cannot be copied or dropped.
fn connect(settings: &DatabaseSettings) -> Result<Connection, ConnectError> {
    let mut first = None;
    for name in ["postgres", "template1", &settings.name] {
        let beside = DatabaseSettings { name: name.to_owned(), ..settings.clone() };
        match Connection::open(&beside) {
            Ok(connection) => return Ok(connection),
            Err(error) if matches!(error.reason, Reason::NoDatabase | Reason::Permission) => {
                first.get_or_insert(error);
            }
            Err(error) => return Err(first.unwrap_or(error)),
        }
    }
    // All three failed for the same reason.
    match first {
        Some(error) => Err(error),
        None => Connection::open(settings),
    }
}

pub(super) fn create(
    connection: &mut Connection,
    settings: &DatabaseSettings,
    name: &str,
    template: Option<&str>,
) -> Result<()> {
    let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    connection.batch_execute(&format!("CREATE DATABASE {name}{template}")).map_err(|error| {
        CommandError::new(format!("Cannot create a database for the test: {settings}.")).caused_by(error)
    })?;
    Ok(())
}

/// Drops a database and terminates its connections.
pub(super) fn drop_database(connection: &mut Connection, name: &str) -> QueryResult<()> {
    let version = texts(connection, "SELECT current_setting('server_version_num') AS text")?;
    let number: u32 = version.first().and_then(|version| version.parse().ok()).unwrap_or_default();
    if number >= 130_000 {
        return connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
    texts(
        connection,
        &format!(
            "SELECT pg_terminate_backend(pid)::text AS text FROM pg_catalog.pg_stat_activity WHERE datname = '{name}'"
        ),
    )?;
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
}

pub(super) fn exists(connection: &mut Connection, name: &str) -> QueryResult<bool> {
    let sql = format!("SELECT datname::text AS text FROM pg_catalog.pg_database WHERE datname = '{name}'");
    Ok(!texts(connection, &sql)?.is_empty())
}

/// Waits for another process that creates this template. The lock ends with the session.
pub(super) fn lock(connection: &mut Connection, fingerprint: u64) -> QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_advisory_lock({})", fingerprint.cast_signed()))
}

pub(super) fn unlock(connection: &mut Connection, fingerprint: u64) -> QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({})", fingerprint.cast_signed()))
}

/// Turns a database into a template, which accepts no connections: a database with connections cannot be
/// copied.
pub(super) fn become_template(connection: &mut Connection, new: &str, name: &str) -> QueryResult<()> {
    let today = today();
    connection.batch_execute(&format!("COMMENT ON DATABASE {new} IS 'last used on day {today}'"))?;
    connection.batch_execute(&format!("ALTER DATABASE {new} ALLOW_CONNECTIONS false"))?;
    connection.batch_execute(&format!("ALTER DATABASE {new} RENAME TO {name}"))
}

/// Records that a template is still in use.
pub(super) fn used_today(connection: &mut Connection, name: &str) -> QueryResult<()> {
    let noted = templates(connection)?.into_iter().any(|(other, day)| other == name && day == Some(today()));
    if noted {
        return Ok(());
    }
    connection.batch_execute(&format!("COMMENT ON DATABASE {name} IS 'last used on day {}'", today()))
}

/// Returns the databases of processes that have ended, and templates that have not been used recently.
pub(super) fn leftovers(connection: &mut Connection) -> QueryResult<Vec<String>> {
    let name = "datname::text AS text FROM pg_catalog.pg_database";
    let databases =
        texts(connection, &format!("SELECT {name} WHERE starts_with(datname::text, '{}')", names::TEST))?;
    // The sessions are queried after the databases: a process opens its session before it creates a database.
    let sessions = texts(
        connection,
        &format!(
            "SELECT application_name AS text FROM pg_catalog.pg_stat_activity WHERE starts_with(application_name, '{}')",
            names::SESSION
        ),
    )?;
    let living: Vec<&str> =
        sessions.iter().filter_map(|session| session.strip_prefix(names::SESSION)).collect();
    let dead = |name: &String| names::owner(name).is_some_and(|key| !living.contains(&key));
    let mut leftovers: Vec<String> = databases.into_iter().filter(dead).collect();
    let old =
        |(name, day): (String, Option<u64>)| day.is_some_and(|day| day + KEEP_DAYS < today()).then_some(name);
    leftovers.extend(templates(connection)?.into_iter().filter_map(old));
    Ok(leftovers)
}

/// Returns the templates and the day of their last use.
fn templates(connection: &mut Connection) -> QueryResult<Vec<(String, Option<u64>)>> {
    let rows = texts(
        connection,
        &format!(
            "SELECT datname || ' ' || coalesce(shobj_description(oid, 'pg_database'), '') AS text \
             FROM pg_catalog.pg_database WHERE starts_with(datname::text, '{}')",
            names::TEMPLATE
        ),
    )?;
    let row = |row: String| {
        let (name, comment) = row.split_once(' ').unwrap_or((&row, ""));
        (name.to_owned(), comment.strip_prefix("last used on day ").and_then(|day| day.parse().ok()))
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Returns the number of days since 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / (24 * 60 * 60)
}
