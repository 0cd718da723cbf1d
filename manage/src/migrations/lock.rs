//! The lock under which migrations run: held by a session or an open file, so that it dies with its holder.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};

use crate::database::Connection;
use crate::settings::{Backend, DatabaseSettings};

/// The key of the PostgreSQL advisory lock: the first eight letters of "diesel-manage", which other users of advisory
/// locks will hardly choose.
const KEY: i64 = i64::from_be_bytes(*b"diesel-m");

/// The name of MySQL's lock, in SQL. Such names are the whole server's, and no longer than 64 letters.
const NAME: &str = "CONCAT('diesel-manage ', LEFT(SHA1(DATABASE()), 40))";

/// How often a waiting process looks again, at the most.
const POLL: Duration = Duration::from_millis(200);

/// A lock that is held. The server's locks belong to the session: they end when the connection is dropped, or with the
/// process that holds it, however that ends.
#[derive(Debug)]
pub struct Lock {
    /// SQLite's lock is an open file.
    file: Option<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file is not enough: a process that another thread is just starting has it open as well.
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
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
}

impl From<diesel::result::Error> for LockError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl Lock {
    /// Takes the lock, waiting for at most `timeout`, or for ever when that is `None`. `waiting` is called once, when
    /// the first try fails.
    pub fn acquire(
        connection: &mut Connection,
        settings: &DatabaseSettings,
        timeout: Option<Duration>,
        mut waiting: impl FnMut(),
    ) -> Result<Self, LockError> {
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
        match connection.backend() {
            Backend::Sqlite => {}
            Backend::Postgres => {
                diesel::select(
                    diesel::dsl::sql::<Bool>("pg_advisory_unlock(").bind::<BigInt, _>(KEY).sql(")"),
                )
                .get_result::<bool>(connection)?;
            }
            Backend::Mysql => {
                let sql = format!("RELEASE_LOCK({NAME})");
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
                diesel::dsl::sql::<Bool>("pg_try_advisory_lock(").bind::<BigInt, _>(KEY).sql(")"),
            )
            .get_result::<bool>(connection)?,
            Backend::Mysql => {
                let sql = format!("GET_LOCK({NAME}, 0)");
                let held: Option<i32> =
                    diesel::select(diesel::dsl::sql::<Nullable<Integer>>(&sql)).get_result(connection)?;
                held == Some(1)
            }
        };
        Ok(held.then_some(Self { file: None }))
    }
}

/// SQLite: a file beside the database's, which stays. The operating system frees the lock when its holder ends.
#[cfg(feature = "sqlite")]
fn lock_file(settings: &DatabaseSettings) -> Result<Option<Lock>, LockError> {
    use std::fs::TryLockError;

    let Some(path) = crate::database::sqlite_path(&settings.name) else {
        // Nobody else has a database in memory.
        return Ok(Some(Lock { file: None }));
    };
    // By whatever name the file is opened, the lock is the same.
    let mut path = path.canonicalize().unwrap_or(path).into_os_string();
    path.push("-migrate.lock");
    let path = PathBuf::from(path);
    let failed = |error| LockError::File(path.clone(), error);
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
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
        }
    }
}

impl std::error::Error for LockError {}
