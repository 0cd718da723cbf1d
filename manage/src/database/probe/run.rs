//! Checks whether a database answers.

use std::time::{Duration, Instant};

use crate::database::operations::{operations, operations_for};
use crate::database::{ConnectError, Reason, ServerInstance};
use crate::settings::DatabaseSettings;

/// A database that answered a query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ready {
    /// The product and its version, as `Connection::server_version` returns it.
    pub server_version: String,
    /// The duration of the probe, from the first name lookup to the answer.
    pub elapsed: Duration,
}

/// Requirements on a database, in addition to answering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requirements {
    /// It accepts writes: it is not a standby and not read-only.
    pub writable: bool,
    /// These migrations are applied: the version and the name of each.
    pub migrations: Option<Vec<(String, String)>>,
}

/// Opens a new connection, runs one query, and closes the connection.
///
/// Only a query result proves that a database answers; an open port or a completed login does not. The time
/// limit covers everything and replaces that of the settings. It also applies to a suspended server, or a
/// port that accepts a connection and stays silent.
///
/// An SQLite file that does not exist counts as ready if it could be created. It is not created.
///
/// [`Reason::is_transient`] says whether a later attempt may succeed; [`wait`](crate::wait) makes several.
pub fn probe(settings: &DatabaseSettings, deadline: Duration) -> Result<Ready, ConnectError> {
    probe_for(settings, deadline, &Requirements::default())
}

/// Fails if the settings themselves make every attempt fail, without attempting one: no user, an unknown
/// parameter.
pub(crate) fn check_settings(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    operations(settings.backend).map_or(Ok(()), |operations| operations.check_settings(settings))
}

/// Like [`probe()`], and also checks the requirements on the same connection. It changes nothing.
pub(crate) fn probe_for(
    settings: &DatabaseSettings,
    deadline: Duration,
    requirements: &Requirements,
) -> Result<Ready, ConnectError> {
    Ok(probe_with_instance(settings, deadline, requirements, false)?.0)
}

/// Like [`probe_for()`], and also identifies the instance of the server.
pub(crate) fn probe_with_instance(
    settings: &DatabaseSettings,
    deadline: Duration,
    requirements: &Requirements,
    with_instance: bool,
) -> Result<(Ready, Option<ServerInstance>), ConnectError> {
    #[cfg(feature = "_network")]
    return crate::database::network::contained::expecting(|| {
        attempt(settings, deadline, requirements, with_instance)
    })
    .unwrap_or_else(|_| Err(crate::database::network::contained::unreadable(settings, None)));
    #[cfg(not(feature = "_network"))]
    attempt(settings, deadline, requirements, with_instance)
}

fn attempt(
    settings: &DatabaseSettings,
    deadline: Duration,
    requirements: &Requirements,
    with_instance: bool,
) -> Result<(Ready, Option<ServerInstance>), ConnectError> {
    let started = Instant::now();
    let mut settings = settings.clone();
    settings.connect_timeout = deadline;
    let operations = operations_for(&settings)?;
    let mut connection = operations.open_probe(&settings, requirements)?;
    let left = || deadline.saturating_sub(started.elapsed()).max(Duration::from_millis(1));
    let server_version = connection.version(left())?;
    if requirements.writable {
        connection.require_writable(left())?;
    }
    if requirements.migrations.as_ref().is_some_and(|migrations| !migrations.is_empty()) {
        let table = connection.texts(left(), operations.migrations_table_query())?;
        let query = "SELECT version AS text FROM __diesel_schema_migrations";
        let applied = if table.is_empty() { Vec::new() } else { connection.texts(left(), query)? };
        unapplied(&settings, requirements, &applied)?;
    }
    let instance = if with_instance { connection.server_instance(left()) } else { None };
    connection.try_set_up(left())?;
    Ok((Ready { server_version, elapsed: started.elapsed() }, instance))
}

fn unapplied(
    settings: &DatabaseSettings,
    requirements: &Requirements,
    applied: &[String],
) -> Result<(), ConnectError> {
    let wanted = requirements.migrations.iter().flatten();
    let missing: Vec<&str> =
        wanted.filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name.as_str()).collect();
    match missing.as_slice() {
        [] => Ok(()),
        [first, ..] => {
            let message = format!("{} not applied, the first is {first}", missing.len());
            Err(ConnectError::new(settings, Reason::Unmigrated, message))
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::database::Connection;
    use crate::settings::Origin;

    const LIMIT: Duration = Duration::from_secs(5);

    fn sqlite(path: &std::path::Path) -> DatabaseSettings {
        DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code)
    }

    #[test]
    fn a_file_that_could_be_made_is_ready_and_stays_away() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        let ready = probe(&sqlite(&path), LIMIT).expect("ready");
        assert!(ready.server_version.starts_with("SQLite 3."), "{ready:?}");
        assert!(!path.exists());
        let missing = probe(&sqlite(&folder.path().join("none/a.db")), LIMIT).expect_err("no directory");
        assert_eq!(missing.reason, Reason::File);
    }

    #[test]
    fn a_file_must_be_a_database() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.db");
        drop(Connection::open(&sqlite(&path)).expect("a new file"));
        assert!(probe(&sqlite(&path), LIMIT).is_ok());
        std::fs::write(&path, "neither empty nor a database at all").expect("a file");
        assert_eq!(probe(&sqlite(&path), LIMIT).expect_err("a text").reason, Reason::File);
    }
}

#[cfg(all(test, feature = "postgres"))]
mod server_tests {
    use std::net::TcpListener;

    use super::*;
    use crate::settings::Origin as From;

    fn probe_port(port: u16, limit: Duration) -> (ConnectError, Duration) {
        let url = format!("postgres://app:hunter2@127.0.0.1:{port}/app");
        let settings = DatabaseSettings::from_url("default", &url, From::Code).expect("a URL");
        let started = Instant::now();
        (probe(&settings, limit).expect_err("no database"), started.elapsed())
    }

    #[test]
    fn a_port_that_accepts_and_stays_silent_is_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (error, took) = probe_port(port, Duration::from_millis(100));
        assert_eq!(error.reason, Reason::TimedOut);
        assert!(took < Duration::from_secs(2), "{took:?}");
        drop(listener);
        let (error, _) = probe_port(port, Duration::from_secs(5));
        assert_eq!((error.reason, error.code.as_deref()), (Reason::Refused, Some("ECONNREFUSED")));
    }
}
