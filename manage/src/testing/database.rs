//! A database for one test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Folder;
use super::reuse::Reusable;
use super::server::{Server, migrate};
use super::{fingerprint, names};
use crate::command::Program;
use crate::console::{Output, Role};
use crate::database::{Connect, Connection, Database, Pool, Poolable};
use crate::error::{CommandError, Result};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings, Environment, Origin, Secret, Source};

/// A database for one test. A new one is dropped with this value, even if its test panics or connections are
/// still open; one for [reuse](Self::reuse) is kept for the next test.
///
/// [`Project::with_database`](super::Project::with_database) creates one for a project's commands.
///
/// ```no_run
/// use manage::testing::{TestDatabase, settings};
///
/// let database = TestDatabase::create(&manage::program!(shop), &settings("default")?)?;
/// let mut connection = database.connect()?;
/// # let _ = &mut connection;
/// # manage::Result::<()>::Ok(())
/// ```
pub struct TestDatabase {
    settings: DatabaseSettings,
    place: Place,
}

enum Place {
    /// SQLite: the directory of the file.
    Folder(#[expect(dead_code, reason = "it is there to be dropped")] Folder),
    Server(Arc<Server>),
    /// A database that other tests use later. It is taken out when this value is dropped.
    Reused(Arc<Server>, Option<Box<Reusable>>),
}

/// Returns the settings from which the test databases of an alias are created: see [`testing`](super).
pub fn settings(alias: &str) -> Result<DatabaseSettings> {
    let source = Source::new(Environment::process(), None);
    Ok(crate::settings::for_tests(&source, alias).map_err(CommandError::from)?)
}

impl TestDatabase {
    /// Creates a database with the tables of a program's migrations, on the server and with the login of
    /// these settings; for SQLite a new file.
    ///
    /// On PostgreSQL it is a copy of a template that the first test creates. On other databases the
    /// migrations run.
    ///
    /// # Errors
    ///
    /// A [`CommandError`] with a hint if the server is down or the role may not create databases. If a
    /// migration fails, its error is returned, and the new database is dropped.
    pub fn create(program: &Program, settings: &DatabaseSettings) -> Result<Self> {
        let migrations = Migrations::of_program(program, settings.backend)?;
        Self::with(settings, migrations.as_ref())
    }

    /// Takes a database that an earlier test of this process used, with the tables of a program's migrations
    /// and without what that test has left, or creates one. [`testing`](super#a-new-database-or-a-used-one)
    /// lists what is undone.
    ///
    /// On SQLite, and without migrations, it is always a new one.
    pub fn reuse(program: &Program, settings: &DatabaseSettings) -> Result<Self> {
        let backend = settings.backend;
        let migrations = Migrations::of_program(program, backend)?;
        let Some(migrations) = migrations.filter(|_| backend != Backend::Sqlite && backend.is_compiled_in())
        else {
            return Self::create(program, settings);
        };
        let server = Server::of(settings);
        let fingerprint = fingerprint::fingerprint(&migrations, settings);
        let database = server.reuse(&settings.name, &migrations, fingerprint)?;
        let settings =
            DatabaseSettings { name: database.name.clone(), origin: Origin::Code, ..settings.clone() };
        Ok(Self { settings, place: Place::Reused(server, Some(Box::new(database))) })
    }

    /// Creates a database without tables.
    pub fn empty(settings: &DatabaseSettings) -> Result<Self> {
        Self::with(settings, None)
    }

    fn with(like: &DatabaseSettings, migrations: Option<&Migrations>) -> Result<Self> {
        if !like.backend.is_compiled_in() {
            // Returns the error that names the missing backend.
            Connection::open(like).map_err(CommandError::from)?;
        }
        let fingerprint = migrations.map(|migrations| fingerprint::fingerprint(migrations, like));
        if like.backend == Backend::Sqlite {
            return Self::sqlite(like, migrations.zip(fingerprint));
        }
        let server = Server::of(like);
        let name = server.create(&like.name, migrations.zip(fingerprint))?;
        let settings = DatabaseSettings { name, origin: Origin::Code, ..like.clone() };
        Ok(Self { settings, place: Place::Server(server) })
    }

    fn sqlite(like: &DatabaseSettings, migrations: Option<(&Migrations, u64)>) -> Result<Self> {
        let folder = Folder::new(&names::fresh("sqlite"))?;
        let path = folder.path().join("db.sqlite3");
        if let Some((migrations, fingerprint)) = migrations {
            std::fs::write(&path, &*migrated_file(migrations, fingerprint)?)?;
        }
        let settings =
            DatabaseSettings { name: path.display().to_string(), origin: Origin::Code, ..like.clone() };
        Ok(Self { settings, place: Place::Folder(folder) })
    }

    /// Returns its settings, which do not print the password.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Returns its URL for `DATABASE_URL`, with the password.
    pub fn url(&self) -> Secret {
        match self.settings.backend {
            Backend::Sqlite => {
                let path = percent_encoding::utf8_percent_encode(&self.settings.name, URL_PATH);
                Secret::new(format!("sqlite:{path}"))
            }
            _ => self.settings.url(),
        }
    }

    /// Opens a connection to it.
    pub fn connect(&self) -> Result<Connection> {
        self.connect_as()
    }

    /// Opens a connection of a type to it. [`Connect`] lists the types.
    pub fn connect_as<C: Connect>(&self) -> Result<C> {
        Ok(self.handle().connect_as().map_err(CommandError::from)?)
    }

    /// Creates a pool of connections to it.
    pub fn pool(&self) -> Pool {
        self.pool_as()
    }

    /// Creates a pool of connections of a type to it.
    pub fn pool_as<C: Poolable>(&self) -> Pool<C> {
        self.handle().pool_as()
    }

    fn handle(&self) -> Database<'_> {
        Database::from(&self.settings)
    }
}

/// The characters to encode in the path of a URL. Slashes, dots and a drive's colon remain readable.
const URL_PATH: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'\\')
    .remove(b':')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Returns the file of a database with these migrations. Each process creates it once.
fn migrated_file(migrations: &Migrations, fingerprint: u64) -> Result<Arc<Vec<u8>>> {
    static FILES: Mutex<BTreeMap<u64, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = files.get(&fingerprint) {
        return Ok(Arc::clone(file));
    }
    let folder = Folder::new("template")?;
    let path = folder.path().join("db.sqlite3");
    migrate(&DatabaseSettings::sqlite("default", path.display().to_string(), Origin::Code), migrations)?;
    let file = Arc::new(std::fs::read(&path)?);
    files.insert(fingerprint, Arc::clone(&file));
    Ok(file)
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Must not panic: it may run while another panic unwinds.
        match &mut self.place {
            Place::Folder(_) => {}
            Place::Server(server) => {
                if let Err(error) = server.drop_database(&self.settings.name) {
                    let err = Output::standard().err;
                    let text = format!("The database {} was not dropped: {error:#}", self.settings.name);
                    let _ = err.line(err.style(Role::Warning, text));
                }
            }
            Place::Reused(server, database) => {
                if let Some(database) = database.take() {
                    server.idle.put_back(*database);
                }
            }
        }
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestDatabase").field(&self.settings).finish()
    }
}
