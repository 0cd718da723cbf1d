//! A database for one test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Folder;
use super::server::{Server, migrate};
use super::{fingerprint, names};
use crate::console::{Output, Role};
use crate::database::Connection;
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings, Environment, Origin, Secret, Source};
use crate::{CommandError, Program, Result};

/// A new database, which is dropped with this value: also when its test panics, and with the connections that are still open.
///
/// [`Project::with_database`](super::Project::with_database) makes one that a project's commands use.
pub struct TestDatabase {
    settings: DatabaseSettings,
    place: Place,
}

enum Place {
    /// SQLite: the folder of the file.
    Folder(#[expect(dead_code, reason = "it is there to be dropped")] Folder),
    Server(Arc<Server>),
}

/// The settings from which the tests' databases of an alias are made: see [`testing`](super).
pub fn settings(alias: &str) -> Result<DatabaseSettings> {
    let source = Source::new(Environment::process(), None);
    Ok(crate::settings::for_tests(&source, alias).map_err(CommandError::from)?)
}

impl TestDatabase {
    /// A database with the tables of a program's migrations, beside the one of these settings and with their login; for
    /// SQLite a new file.
    ///
    /// On PostgreSQL it is a copy of a template that the first test makes. Elsewhere the migrations run.
    pub fn create(program: &Program, settings: &DatabaseSettings) -> Result<Self> {
        let migrations = Migrations::of_program(program, settings.backend)?;
        Self::with(settings, migrations.as_ref())
    }

    /// The same without any table.
    pub fn empty(settings: &DatabaseSettings) -> Result<Self> {
        Self::with(settings, None)
    }

    fn with(like: &DatabaseSettings, migrations: Option<&Migrations>) -> Result<Self> {
        if !like.backend.is_compiled_in() {
            // The error that says so.
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

    /// Its settings. They show no password.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Its URL, as it would stand in `DATABASE_URL`, with the password.
    pub fn url(&self) -> Secret {
        match self.settings.backend {
            Backend::Sqlite => {
                let path = percent_encoding::utf8_percent_encode(&self.settings.name, URL_PATH);
                Secret::new(format!("sqlite:{path}"))
            }
            _ => self.settings.url(),
        }
    }

    /// A connection to it.
    pub fn connect(&self) -> Result<Connection> {
        Ok(Connection::open(&self.settings).map_err(CommandError::from)?)
    }
}

/// What means something else than itself in the path of a URL. Slashes, dots and a drive's colon stay readable.
const URL_PATH: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'\\')
    .remove(b':')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// The file of a database with these migrations, which this process makes once.
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
        // Without a panic: this may run while another one unwinds.
        if let Place::Server(server) = &self.place
            && let Err(error) = server.drop_database(&self.settings.name)
        {
            let err = Output::standard().err;
            let text = format!("The database {} was not dropped: {error:#}", self.settings.name);
            let _ = err.line(err.style(Role::Warning, text));
        }
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestDatabase").field(&self.settings).finish()
    }
}
