//! Is the database there, and does it answer?

use std::time::{Duration, Instant};

#[cfg(feature = "sqlite")]
use super::Connection;
use super::asking::Asking;
use super::{ConnectError, Life, Reason};
#[cfg(feature = "sqlite")]
use crate::settings::Origin;
use crate::settings::{Backend, DatabaseSettings};

/// A database that answered a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The product and its version, as [`Connection::server_version`] has it.
    pub server_version: String,
    /// How long it took, from the first look-up of a name to the answer.
    pub elapsed: Duration,
}

/// What a database must be able to do, beside answering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// It takes changes: it is no standby and was not made read-only.
    pub writable: bool,
    /// These migrations are applied: the version and the name of each.
    pub migrations: Option<Vec<(String, String)>>,
}

/// How long another process may hold an SQLite file before it is locked.
const MOMENT: Duration = Duration::from_millis(500);

/// Connects anew, asks one question, and closes the connection.
///
/// An open port, or a finished login, proves little; the answer does. The time limit spans everything and replaces the
/// settings' own: also a server that was stopped, or a port that accepts and stays silent, is an error when it is over.
///
/// An SQLite file that is not there yet counts as ready if it could be made. It is not made.
pub fn probe(settings: &DatabaseSettings, deadline: Duration) -> Result<Ready, ConnectError> {
    probe_for(settings, deadline, &Demands::default())
}

/// Fails where the settings themselves make every attempt fail, without one: no user, an unknown parameter.
pub fn check_settings(settings: &DatabaseSettings) -> Result<(), ConnectError> {
    Asking::check(settings)
}

/// As [`probe()`], and asks on the same connection whether the database can do what is demanded. It changes nothing.
pub fn probe_for(
    settings: &DatabaseSettings,
    deadline: Duration,
    demands: &Demands,
) -> Result<Ready, ConnectError> {
    Ok(probe_of_life(settings, deadline, demands, false)?.0)
}

/// As [`probe_for()`], and asks which life of the server it is.
pub(crate) fn probe_of_life(
    settings: &DatabaseSettings,
    deadline: Duration,
    demands: &Demands,
    of_life: bool,
) -> Result<(Ready, Option<Life>), ConnectError> {
    let started = Instant::now();
    let mut settings = settings.clone();
    settings.connect_timeout = deadline;
    #[cfg(feature = "sqlite")]
    if settings.backend == Backend::Sqlite
        && let Some(path) = super::sqlite::path(&settings.name)
    {
        if demands.writable {
            super::sqlite::check_writable(&settings, &path)?;
        }
        if !path.exists() {
            super::sqlite::could_be_made(&settings, &path)?;
            if demands.writable {
                super::sqlite::try_create(&settings, &path)?;
            }
            // There is nothing else to ask a file that is not there.
            let memory = DatabaseSettings::sqlite(settings.alias.clone(), ":memory:", Origin::Code);
            let server_version = Connection::open(&memory)?.ask_version(&memory, deadline)?;
            unapplied(&settings, demands, &[])?;
            return Ok((Ready { server_version, elapsed: started.elapsed() }, None));
        }
    }
    let mut connection = Asking::open(&settings)?;
    let left = || deadline.saturating_sub(started.elapsed()).max(Duration::from_millis(1));
    // A file that somebody holds for longer than a moment is said to be locked, rather than to be slow.
    let patience = if settings.backend == Backend::Sqlite { left().min(MOMENT) } else { left() };
    let migrations = demands.migrations.as_ref().is_some_and(|migrations| !migrations.is_empty());
    let server_version = connection.version(&settings, patience)?;
    if demands.writable {
        connection.is_writable(&settings, left())?;
    }
    if migrations {
        let there = connection.texts(&settings, left(), table_question(settings.backend))?;
        let question = "SELECT version AS text FROM __diesel_schema_migrations";
        let applied =
            if there.is_empty() { Vec::new() } else { connection.texts(&settings, left(), question)? };
        unapplied(&settings, demands, &applied)?;
    }
    let life = if of_life { Life::ask(&mut connection, &settings, left()) } else { None };
    connection.try_set_up(&settings, left())?;
    Ok((Ready { server_version, elapsed: started.elapsed() }, life))
}

fn unapplied(settings: &DatabaseSettings, demands: &Demands, applied: &[String]) -> Result<(), ConnectError> {
    let wanted = demands.migrations.iter().flatten();
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

/// A question that has one answer where Diesel's table is there, and none where it is not.
fn table_question(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
        // The search path decides which table is meant.
        Backend::Postgres => {
            "SELECT 'there' AS text FROM pg_catalog.pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
        Backend::Mysql => {
            "SELECT 'there' AS text FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'"
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::database::Reason;

    const LIMIT: Duration = Duration::from_secs(5);

    fn sqlite(path: &std::path::Path) -> DatabaseSettings {
        DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code)
    }

    #[test]
    fn a_file_that_could_be_made_is_ready_and_stays_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let ready = probe(&sqlite(&path), LIMIT).expect("ready");
        assert!(ready.server_version.starts_with("SQLite 3."), "{ready:?}");
        assert!(!path.exists());
        let missing = probe(&sqlite(&folder.path().join("none/a.db")), LIMIT).expect_err("no folder");
        assert_eq!(missing.reason, Reason::File);
    }

    #[test]
    fn a_file_must_be_a_database() {
        let folder = tempfile::tempdir().expect("a folder");
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
    use crate::database::Reason;
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
