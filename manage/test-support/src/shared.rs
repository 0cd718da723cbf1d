//! One server of each kind for all the tests of a process.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use crate::account::Account;
use crate::cell::is_inside;
use crate::find::Unavailable;
use crate::watch::Watch;
use crate::{MariaDb, Postgres, percent_encoded};

static POSTGRES: OnceLock<Result<Postgres, Unavailable>> = OnceLock::new();
static MARIADB: OnceLock<Result<MariaDb, Unavailable>> = OnceLock::new();
static FILES: OnceLock<Watch> = OnceLock::new();

/// Returns the server that tests share. Do not stop, pause or configure it: start your own for that.
pub fn shared_postgres() -> Result<&'static Postgres, Unavailable> {
    POSTGRES
        .get_or_init(
            || if is_inside() { Postgres::builder().everywhere().start() } else { Postgres::start() },
        )
        .as_ref()
        .map_err(Clone::clone)
}

/// Returns the server that tests share. Do not stop, pause or configure it: start your own for that.
pub fn shared_mariadb() -> Result<&'static MariaDb, Unavailable> {
    MARIADB
        .get_or_init(|| if is_inside() { MariaDb::builder().everywhere().start() } else { MariaDb::start() })
        .as_ref()
        .map_err(Clone::clone)
}

/// Ends what the tests shared: statics are never dropped.
pub(crate) fn end_shared() {
    if let Some(Ok(server)) = POSTGRES.get() {
        server.end();
    }
    if let Some(Ok(server)) = MARIADB.get() {
        server.end();
    }
    crate::RabbitMq::end_shared();
    if let Some(files) = FILES.get() {
        files.end();
    }
    Postgres::discard_template();
    MariaDb::discard_template();
}

/// The kinds of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    MariaDb,
}

impl Backend {
    /// Returns `sqlite`, `postgres` or `mariadb`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }
}

/// A fresh, empty database on a shared server, or a file that does not exist yet. It is dropped with this
/// value.
#[derive(Debug)]
pub struct TestDatabase {
    backend: Backend,
    name: String,
    url: String,
    /// SQLite's directory.
    folder: Option<PathBuf>,
}

impl TestDatabase {
    /// Creates a database of this kind.
    ///
    /// # Panics
    ///
    /// When its server does not start.
    #[track_caller]
    pub fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres(),
            Backend::MariaDb => Self::mariadb(),
        }
    }

    /// Creates a database on the shared PostgreSQL server.
    #[track_caller]
    pub fn postgres() -> Self {
        let server = shared_postgres().unwrap_or_else(|error| panic!("{error}"));
        let name = fresh_name();
        server.create_database(&name);
        Self { backend: Backend::Postgres, url: server.url(&name), name, folder: None }
    }

    /// Creates a database on the shared MariaDB server.
    #[track_caller]
    pub fn mariadb() -> Self {
        let server = shared_mariadb().unwrap_or_else(|error| panic!("{error}"));
        let name = fresh_name();
        server.create_database(&name);
        Self { backend: Backend::MariaDb, url: server.url(&name), name, folder: None }
    }

    /// Creates a file in a directory of its own.
    #[track_caller]
    pub fn sqlite() -> Self {
        let files = FILES.get_or_init(|| {
            let oneself = Account::oneself();
            Watch::with_folder(oneself).unwrap_or_else(|error| panic!("no temporary folder: {error}"))
        });
        let name = fresh_name();
        let folder = files.folder().join(&name);
        fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let path = folder.join("db.sqlite3");
        // Four slashes: an absolute path, both to those who count three as the prefix and to those who count
        // two.
        let path = path.to_string_lossy().split('/').map(percent_encoded).collect::<Vec<_>>().join("/");
        Self { backend: Backend::Sqlite, url: format!("sqlite:///{path}"), name, folder: Some(folder) }
    }

    /// Returns the kind of this database.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Returns its name on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its URL, for `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the file of an SQLite database.
    pub fn path(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("db.sqlite3"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Without a panic: this may run while another panic unwinds. What stays ends with the server.
        let _ = match (self.backend, POSTGRES.get(), MARIADB.get()) {
            (Backend::Postgres, Some(Ok(server)), _) => server.try_drop_database(&self.name).map(drop),
            (Backend::MariaDb, _, Some(Ok(server))) => server.try_drop_database(&self.name).map(drop),
            _ => Ok(()),
        };
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
