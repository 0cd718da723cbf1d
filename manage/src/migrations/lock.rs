//! The lock under which migrations run: held by a session or an open file, so that it dies with its holder.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};

#[cfg(feature = "postgres")]
use crate::database::open_knowing;
use crate::database::{ConnectError, Connection};
#[cfg(feature = "sqlite")]
use crate::isolation::FileLock;
#[cfg(feature = "postgres")]
use crate::isolation::Isolation;
use crate::isolation::{IsolationError, LockName};
use crate::settings::{Backend, DatabaseSettings};

/// How often a waiting process looks again, at the most.
const POLL: Duration = Duration::from_millis(200);

/// A lock that is held. The server's locks belong to the session: they end when the connection is dropped, or with the
/// process that holds it, however that ends.
#[derive(Debug)]
pub struct Lock(Held);

#[derive(Debug)]
enum Held {
    /// By the session that migrates.
    BySession,
    /// SQLite's lock is an open file.
    #[cfg(feature = "sqlite")]
    ByFile { _file: FileLock },
    /// Behind a pooler no session is ours; an open transaction of another connection has the lock.
    #[cfg(feature = "postgres")]
    Apart { _isolation: Isolation },
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it, and the time is up.
    Held,
    /// The database refused.
    Query(diesel::result::Error),
    /// The file of SQLite's lock cannot be opened or locked.
    File(PathBuf, std::io::Error),
    /// Behind a pooler the lock cannot be held by a transaction either.
    Isolation(IsolationError),
}

impl From<diesel::result::Error> for LockError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl Lock {
    /// Opens a connection that migrations may run on, and says whether a pooler is before its server.
    pub fn open_connection(settings: &DatabaseSettings) -> Result<(Connection, bool), ConnectError> {
        #[cfg(feature = "postgres")]
        if settings.backend == Backend::Postgres {
            return open_knowing(settings);
        }
        Ok((Connection::open(settings)?, false))
    }

    /// Takes the lock, waiting for at most `timeout`, or for ever when that is `None`. `waiting` is called once, when
    /// the first try fails. `lost` is called on another thread if the lock ends before this value does; where it belongs to the
    /// session that migrates, the work ends with it and nobody is called.
    pub fn acquire(
        connection: &mut Connection,
        settings: &DatabaseSettings,
        is_pooled: bool,
        timeout: Option<Duration>,
        mut waiting: impl FnMut(),
        lost: impl FnOnce(String) + Send + 'static,
    ) -> Result<Self, LockError> {
        #[cfg(feature = "postgres")]
        if connection.backend() == Backend::Postgres && is_pooled {
            let wait = timeout.unwrap_or(Duration::MAX);
            let isolation =
                Isolation::take(settings, LockName::migrations(), "migrate", wait, |_| waiting(), lost);
            let isolation = isolation.map_err(|error| match error {
                IsolationError::Busy { .. } => LockError::Held,
                error => LockError::Isolation(error),
            })?;
            // A pool of one server connection has none left for the migrations.
            connection
                .ask(settings, settings.connect_timeout)
                .map_err(|error| LockError::Isolation(error.into()))?;
            return Ok(Self(Held::Apart { _isolation: isolation }));
        }
        let _ = (lost, is_pooled);
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        let mut told = false;
        loop {
            if let Some(lock) = Self::try_acquire(connection, settings)? {
                return Ok(lock);
            }
            if timeout.is_some_and(|timeout| start.elapsed() >= timeout) {
                return Err(LockError::Held);
            }
            if !told {
                waiting();
                told = true;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(POLL);
        }
    }

    /// Gives the lock back. Without this it ends with the connection, of which a server learns a moment later.
    pub fn release(self, connection: &mut Connection) -> Result<(), LockError> {
        if !matches!(self.0, Held::BySession) {
            return Ok(());
        }
        match connection.backend() {
            Backend::Sqlite => {}
            Backend::Postgres => {
                diesel::select(
                    diesel::dsl::sql::<Bool>("pg_advisory_unlock(")
                        .bind::<BigInt, _>(LockName::migrations().number)
                        .sql(")"),
                )
                .get_result::<bool>(connection)?;
            }
            Backend::Mysql => {
                let sql = format!("RELEASE_LOCK({})", LockName::migrations().mysql());
                diesel::select(diesel::dsl::sql::<Nullable<Integer>>(&sql))
                    .get_result::<Option<i32>>(connection)?;
            }
        }
        Ok(())
    }

    fn try_acquire(
        connection: &mut Connection,
        settings: &DatabaseSettings,
    ) -> Result<Option<Self>, LockError> {
        let held = match connection.backend() {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite => return lock_file(settings),
            #[cfg(not(feature = "sqlite"))]
            Backend::Sqlite => unreachable!("there is no connection to {settings}"),
            Backend::Postgres => diesel::select(
                diesel::dsl::sql::<Bool>("pg_try_advisory_lock(")
                    .bind::<BigInt, _>(LockName::migrations().number)
                    .sql(")"),
            )
            .get_result::<bool>(connection)?,
            Backend::Mysql => {
                let sql = format!("GET_LOCK({}, 0)", LockName::migrations().mysql());
                let held: Option<i32> =
                    diesel::select(diesel::dsl::sql::<Nullable<Integer>>(&sql)).get_result(connection)?;
                held == Some(1)
            }
        };
        Ok(held.then_some(Self(Held::BySession)))
    }
}

#[cfg(feature = "sqlite")]
fn lock_file(settings: &DatabaseSettings) -> Result<Option<Lock>, LockError> {
    let Some(path) = crate::database::sqlite_path(&settings.name) else {
        // Nobody else has a database in memory.
        return Ok(Some(Lock(Held::BySession)));
    };
    let database = path;
    let path = LockName::migrations().file(&database);
    match FileLock::try_take(&path, &database) {
        Ok(lock) => Ok(lock.map(|file| Lock(Held::ByFile { _file: file }))),
        Err(error) => Err(LockError::File(path, error)),
    }
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held => {
                f.write_str("Another process is migrating this database, and the time to wait for it is up.")
            }
            Self::Query(error) => write!(f, "The lock for migrations cannot be taken: {error}"),
            Self::File(path, error) => write!(f, "The lock file {} cannot be used: {error}", path.display()),
            Self::Isolation(error) => write!(f, "The lock for migrations cannot be taken: {error}"),
        }
    }
}

impl std::error::Error for LockError {}
