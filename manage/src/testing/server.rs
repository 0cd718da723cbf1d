//! The servers that this process makes databases on: one session each, whose end tells others that it is gone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::connection::SimpleConnection;

use super::{mysql, names, postgres};
use crate::Result;
use crate::database::Connection;
use crate::migrations::{Migrations, Target, apply};
use crate::settings::{Backend, DatabaseSettings};

/// A server, through the login of some settings.
pub(super) struct Server {
    settings: DatabaseSettings,
    session: Mutex<Session>,
}

/// What this process has on a server.
#[derive(Default)]
pub(super) struct Session {
    connection: Option<Connection>,
    /// The templates that this process has seen.
    templates: BTreeSet<String>,
}

impl Server {
    /// The server of these settings. All databases of a process on one server share a session.
    pub(super) fn of(settings: &DatabaseSettings) -> Arc<Self> {
        static SERVERS: Mutex<Vec<Arc<Server>>> = Mutex::new(Vec::new());
        let same = |server: &Arc<Self>| {
            let (one, other) = (&server.settings, settings);
            (one.backend, &one.addresses, &one.user, &one.password, &one.tls, &one.parameters)
                == (
                    other.backend,
                    &other.addresses,
                    &other.user,
                    &other.password,
                    &other.tls,
                    &other.parameters,
                )
        };
        let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.iter().find(|server| same(server)) {
            return Arc::clone(server);
        }
        let server = Arc::new(Self { settings: settings.clone(), session: Mutex::default() });
        servers.push(Arc::clone(&server));
        server
    }

    /// Makes a database with these migrations, or an empty one. `base` is what it is made for.
    pub(super) fn create(&self, base: &str, migrations: Option<(&Migrations, u64)>) -> Result<String> {
        let mut session = self.open()?;
        let name = names::fresh(base);
        match self.settings.backend {
            Backend::Postgres => {
                let template = match migrations {
                    Some((migrations, fingerprint)) => {
                        let name = names::template(base, fingerprint);
                        self.template(&mut session, &name, fingerprint, migrations)?;
                        Some(name)
                    }
                    None => None,
                };
                postgres::create(session.connection()?, &self.settings, &name, template.as_deref())?;
            }
            Backend::Mysql => {
                mysql::create(session.connection()?, &self.settings, &name)?;
                // Others need not wait for the migrations.
                drop(session);
                if let Some((migrations, _)) = migrations
                    && let Err(error) = self.migrate(&name, migrations)
                {
                    let _ = self.drop_database(&name);
                    return Err(error);
                }
            }
            Backend::Sqlite => unreachable!("SQLite has no server"),
        }
        Ok(name)
    }

    /// Drops a database, with whoever is still connected to it.
    pub(super) fn drop_database(&self, name: &str) -> Result<()> {
        let mut session = self.open()?;
        self.drop_in(session.connection()?, name)
    }

    fn drop_in(&self, connection: &mut Connection, name: &str) -> Result<()> {
        match self.settings.backend {
            Backend::Postgres => Ok(postgres::drop_database(connection, name)?),
            _ => Ok(mysql::drop_database(connection, name)?),
        }
    }

    /// Makes sure that there is a template: of several processes, one makes it.
    fn template(
        &self,
        session: &mut Session,
        name: &str,
        fingerprint: u64,
        migrations: &Migrations,
    ) -> Result<()> {
        if session.templates.contains(name) && postgres::exists(session.connection()?, name)? {
            return Ok(());
        }
        if !postgres::exists(session.connection()?, name)? {
            postgres::lock(session.connection()?, fingerprint)?;
            let made = self.make_template(session, name, migrations);
            // Where this fails the session has ended, and the lock with it.
            let _ = session.connection().map(|connection| postgres::unlock(connection, fingerprint));
            made?;
        }
        postgres::used_today(session.connection()?, name)?;
        session.templates.insert(name.to_owned());
        Ok(())
    }

    /// It is made under the name of a test's database, and gets its own when it is complete.
    fn make_template(&self, session: &mut Session, name: &str, migrations: &Migrations) -> Result<()> {
        if postgres::exists(session.connection()?, name)? {
            return Ok(());
        }
        let new = names::fresh("template");
        postgres::create(session.connection()?, &self.settings, &new, None)?;
        let made = self
            .migrate(&new, migrations)
            .and_then(|()| Ok(postgres::become_template(session.connection()?, &new, name)?));
        if made.is_err() {
            let _ = session.connection().map(|connection| self.drop_in(connection, &new));
        }
        made
    }

    fn migrate(&self, name: &str, migrations: &Migrations) -> Result<()> {
        let settings = DatabaseSettings { name: name.to_owned(), ..self.settings.clone() };
        migrate(&settings, migrations)
    }

    /// The session, which begins with the first database and lasts as long as the process. At its beginning, what killed
    /// processes left behind is swept away.
    fn open(&self) -> Result<MutexGuard<'_, Session>> {
        // A test that panicked with it has ended no statement half-way.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = session
            .connection
            .as_mut()
            .is_some_and(|connection| connection.batch_execute("SELECT 1").is_ok());
        if !alive {
            let mut connection = match self.settings.backend {
                Backend::Postgres => postgres::open(&self.settings)?,
                _ => mysql::open(&self.settings)?,
            };
            self.sweep(&mut connection);
            session.connection = Some(connection);
        }
        Ok(session)
    }

    /// Drops the databases of processes whose session has ended. What cannot be dropped is another role's.
    fn sweep(&self, connection: &mut Connection) {
        let leftovers = match self.settings.backend {
            Backend::Postgres => postgres::leftovers(connection),
            _ => mysql::leftovers(connection),
        };
        for name in leftovers.unwrap_or_default() {
            let _ = self.drop_in(connection, &name);
        }
    }
}

impl Session {
    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(|| anyhow::anyhow!("The session with the server has ended."))
    }
}

/// Applies all migrations to a new database.
pub(super) fn migrate(settings: &DatabaseSettings, migrations: &Migrations) -> Result<()> {
    let mut connection = Connection::open(settings).map_err(crate::CommandError::from)?;
    apply(&mut connection, migrations, &Target::Latest, |_, _| Ok(())).map(drop)
}
