//! What making and dropping databases is on PostgreSQL. All names are ours, and need no quotes.

use std::time::{SystemTime, UNIX_EPOCH};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use super::names;
use super::texts::texts;
use crate::database::{ConnectError, Connection, Reason};
use crate::settings::DatabaseSettings;
use crate::{CommandError, Result};

/// How many days a template stays that no test uses.
const KEEP_DAYS: u64 = 7;

/// A session beside the databases that tests make, marked as this process's.
pub(super) fn open(settings: &DatabaseSettings) -> Result<Connection> {
    let mut connection = connect(settings).map_err(|error| {
        CommandError::from(error)
            .hint("The tests' databases are made on this server; TEST_DATABASE_URL names another one.")
    })?;
    let may = texts(
        &mut connection,
        "SELECT CASE WHEN rolcreatedb OR rolsuper THEN 'yes' ELSE rolname::text END AS text \
         FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )?;
    if let Some(role) = may.first().filter(|answer| *answer != "yes") {
        return Err(CommandError::new(format!(
            "Tests need databases of their own, and the role '{role}' may not create any: {settings}."
        ))
        .hint(format!("As a superuser: ALTER ROLE \"{role}\" CREATEDB;"))
        .hint("Or name a server and a role for the tests in TEST_DATABASE_URL.")
        .into());
    }
    connection.batch_execute(&format!("SET application_name = '{}{}'", names::SESSION, names::key()))?;
    // The session says that this process lives: the server must not end it for being idle. PostgreSQL 14 and later.
    texts(
        &mut connection,
        "SELECT set_config(name, '0', false) AS text FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'",
    )?;
    Ok(connection)
}

/// `postgres` is nearly always there. A database that is connected to cannot be copied or dropped, so one's own is the last
/// choice.
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
    // All three ended in the same way.
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
        CommandError::new(format!("There can be no database for the test: {settings}.")).caused_by(error)
    })?;
    Ok(())
}

/// Connections that are still open are ended with it.
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

/// Waits for whoever makes this template. The lock ends with the session.
pub(super) fn lock(connection: &mut Connection, fingerprint: u64) -> QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_advisory_lock({})", fingerprint.cast_signed()))
}

pub(super) fn unlock(connection: &mut Connection, fingerprint: u64) -> QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({})", fingerprint.cast_signed()))
}

/// A template takes no connections: while there is one, it could not be copied.
pub(super) fn become_template(connection: &mut Connection, new: &str, name: &str) -> QueryResult<()> {
    let today = today();
    connection.batch_execute(&format!("COMMENT ON DATABASE {new} IS 'last used on day {today}'"))?;
    connection.batch_execute(&format!("ALTER DATABASE {new} ALLOW_CONNECTIONS false"))?;
    connection.batch_execute(&format!("ALTER DATABASE {new} RENAME TO {name}"))
}

/// Notes that a template is still in use.
pub(super) fn used_today(connection: &mut Connection, name: &str) -> QueryResult<()> {
    let noted = templates(connection)?.into_iter().any(|(other, day)| other == name && day == Some(today()));
    if noted {
        return Ok(());
    }
    connection.batch_execute(&format!("COMMENT ON DATABASE {name} IS 'last used on day {}'", today()))
}

/// The databases of processes that are gone, and templates that nobody has used for long.
pub(super) fn leftovers(connection: &mut Connection) -> QueryResult<Vec<String>> {
    let name = "datname::text AS text FROM pg_catalog.pg_database";
    let databases =
        texts(connection, &format!("SELECT {name} WHERE starts_with(datname::text, '{}')", names::TEST))?;
    // Asked after the databases: a session begins before its first one.
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

/// The templates, and the day on which each was last used.
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

/// Days since 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / (24 * 60 * 60)
}
