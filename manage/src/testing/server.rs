//! The servers on which this process creates databases. It holds one session on each; when a session ends,
//! other processes know that this process has ended. Databases are created and dropped by other sessions, at
//! the same time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::connection::SimpleConnection;

use super::reuse::Idle;
use super::workers::Workers;
use super::{mysql, names, postgres};
use crate::database::Connection;
use crate::error::Result;
use crate::migrations::{MigrationTarget, Migrations, apply};
use crate::settings::{Backend, DatabaseSettings};

/// A server and the login for it.
pub(super) struct Server {
    pub(super) settings: DatabaseSettings,
    session: Mutex<ServerSession>,
    workers: Workers,
    pub(super) idle: Idle,
}

/// The state of this process on a server.
#[derive(Default)]
pub(super) struct ServerSession {
    connection: Option<Connection>,
    /// The templates that this process has created or verified.
    templates: BTreeSet<String>,
}

impl Server {
    /// Returns the server of these settings. All databases of a process on one server share a session.
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
        let server = Arc::new(Self {
            settings: settings.clone(),
            session: Mutex::default(),
            workers: Workers::default(),
            idle: Idle::default(),
        });
        servers.push(Arc::clone(&server));
        server
    }

    /// Creates a database with these migrations, or an empty one. `base` is the name of the original.
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
                // Other tests need not wait for the copy.
                drop(session);
                self.workers.run(&self.settings, |connection| {
                    postgres::create(connection, &self.settings, &name, template.as_deref())
                })?;
            }
            Backend::Mysql => {
                drop(session);
                self.workers
                    .run(&self.settings, |connection| mysql::create(connection, &self.settings, &name))?;
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

    /// Drops a database, even with clients connected to it.
    pub(super) fn drop_database(&self, name: &str) -> Result<()> {
        drop(self.open()?);
        self.workers.run(&self.settings, |connection| self.drop_in(connection, name))
    }

    fn drop_in(&self, connection: &mut Connection, name: &str) -> Result<()> {
        match self.settings.backend {
            Backend::Postgres => Ok(postgres::drop_database(connection, name)?),
            _ => Ok(mysql::drop_database(connection, name)?),
        }
    }

    /// Creates the template if it does not exist. If several processes try, only one creates it.
    fn template(
        &self,
        session: &mut ServerSession,
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
            // This fails only if the session has ended, which also releases the lock.
            let _ = session.connection().map(|connection| postgres::unlock(connection, fingerprint));
            made?;
        }
        postgres::used_today(session.connection()?, name)?;
        session.templates.insert(name.to_owned());
        Ok(())
    }

    /// Creates the template under a test database's name, and renames it when it is complete.
    fn make_template(&self, session: &mut ServerSession, name: &str, migrations: &Migrations) -> Result<()> {
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

    /// Returns the session, which starts with the first database and lasts as long as the process. When it
    /// starts, the databases of killed processes are dropped.
    fn open(&self) -> Result<MutexGuard<'_, ServerSession>> {
        // A test's panic cannot have interrupted a statement.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = session.connection.as_mut().is_some_and(is_alive);
        if !alive {
            let mut connection = open(&self.settings)?;
            self.sweep(&mut connection);
            session.connection = Some(connection);
        }
        Ok(session)
    }

    /// Drops the databases of processes whose session has ended. A database that cannot be dropped belongs to
    /// another role.
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

impl ServerSession {
    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(|| anyhow::anyhow!("The session with the server has ended."))
    }
}

/// Opens a session outside of the test databases that identifies this process.
pub(super) fn open(settings: &DatabaseSettings) -> Result<Connection> {
    match settings.backend {
        Backend::Postgres => postgres::open(settings),
        _ => mysql::open(settings),
    }
}

pub(super) fn is_alive(connection: &mut Connection) -> bool {
    connection.batch_execute("SELECT 1").is_ok()
}

/// Applies all migrations to a new database.
pub(super) fn migrate(settings: &DatabaseSettings, migrations: &Migrations) -> Result<()> {
    let mut connection = Connection::open(settings).map_err(crate::error::CommandError::from)?;
    apply(&mut connection, migrations, &MigrationTarget::Latest, |_, _| Ok(())).map(drop)
}
