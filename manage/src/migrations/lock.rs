//! The lock for migrations. A session or an open file holds it, so it ends with its holder.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::console::printable;
use crate::database::{
    self, ConnectError, Connection, HeldLock, LockHolder, LockName, Pooling, operations_for,
};
use crate::isolation::{Isolation, IsolationError};
use crate::settings::DatabaseSettings;

/// The longest time between two attempts of a waiting process.
const POLL: Duration = Duration::from_millis(200);

/// A held lock. A server's lock belongs to the session: it ends when the connection is dropped, or when the
/// process ends in any way.
#[derive(Debug)]
pub struct Lock(Held);

#[derive(Debug)]
enum Held {
    /// Held by the connection that migrates.
    ByConnection { _lock: HeldLock },
    /// Held by an open transaction of another connection, because of transaction pooling.
    Apart { _isolation: Isolation },
}

/// How to take the lock.
#[derive(Clone, Copy, Debug)]
pub struct LockRequest<'a> {
    /// Who takes it, for waiting processes.
    pub owner: &'a str,
    /// Whether the connection goes through a pooler.
    pub is_pooled: bool,
    /// How long to wait; forever if it is `None`.
    pub timeout: Option<Duration>,
}

/// Why the lock cannot be taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it, and the time limit has passed.
    Held(Option<LockHolder>),
    /// The database returned an error.
    Query(diesel::result::Error),
    /// The file of SQLite's lock cannot be opened or locked.
    File(PathBuf, std::io::Error),
    /// The transaction-level lock, which transaction pooling requires, failed.
    Isolation(IsolationError),
}

impl From<diesel::result::Error> for LockError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl From<database::LockError> for LockError {
    fn from(error: database::LockError) -> Self {
        match error {
            database::LockError::Query(error) => Self::Query(error),
            database::LockError::File(path, error) => Self::File(path, error),
            error => Self::Isolation(error.into()),
        }
    }
}

impl Lock {
    /// Opens a connection for migrations, and returns whether it goes through a pooler. `owner` is shown to
    /// waiting processes.
    pub(crate) fn open_connection(
        settings: &DatabaseSettings,
        owner: &str,
    ) -> Result<(Connection, Pooling), ConnectError> {
        operations_for(settings)?.open_to_migrate(settings, owner)
    }

    /// Takes the lock, waiting as long as the request allows. `waiting` is called once, with the holder, if
    /// the first attempt fails. `lost` is called on another thread if the lock ends before this value is
    /// dropped. If the lock belongs to the session that migrates, that session's work ends with the lock, and
    /// `lost` is not called.
    pub fn acquire(
        connection: &mut Connection,
        settings: &DatabaseSettings,
        LockRequest { owner, is_pooled, timeout }: LockRequest<'_>,
        mut waiting: impl FnMut(Option<&LockHolder>),
        lost: impl FnOnce(String) + Send + 'static,
    ) -> Result<Self, LockError> {
        if is_pooled {
            let wait = timeout.unwrap_or(Duration::MAX);
            let waits = |_| waiting(holder(connection, settings, true).as_ref());
            let isolation = Isolation::take(settings, LockName::migrations(), owner, wait, waits, lost);
            let isolation = isolation.map_err(|error| match error {
                IsolationError::Busy { .. } => LockError::Held(holder(connection, settings, true)),
                error => LockError::Isolation(error),
            })?;
            // A pool with a single server connection has none left for the migrations.
            connection
                .ask(settings, settings.connect_timeout)
                .map_err(|error| LockError::Isolation(error.into()))?;
            return Ok(Self(Held::Apart { _isolation: isolation }));
        }
        let name = LockName::migrations();
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        let mut reported = false;
        loop {
            if let Some(lock) = connection.operations().try_lock(connection, settings, &name, owner)? {
                return Ok(Self(Held::ByConnection { _lock: lock }));
            }
            if timeout.is_some_and(|timeout| start.elapsed() >= timeout) {
                return Err(LockError::Held(holder(connection, settings, false)));
            }
            if !reported {
                waiting(holder(connection, settings, false).as_ref());
                reported = true;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(POLL);
        }
    }

    /// Releases the lock. Otherwise it ends with the connection, which a server may notice only later.
    pub fn release(self, connection: &mut Connection) -> Result<(), LockError> {
        match self.0 {
            Held::ByConnection { .. } => {
                Ok(connection.operations().unlock(connection, &LockName::migrations())?)
            }
            Held::Apart { .. } => Ok(()),
        }
    }
}

/// Returns who else holds the lock.
fn holder(connection: &mut Connection, settings: &DatabaseSettings, is_pooled: bool) -> Option<LockHolder> {
    let name = LockName::migrations();
    let mut holder = connection.operations().lock_holder(connection, settings, &name)?;
    if is_pooled {
        holder.text.push_str(", which belongs to the pooler");
    }
    Some(holder)
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held(None) => {
                f.write_str("Another process is migrating this database and did not finish in time.")
            }
            Self::Held(Some(holder)) => write!(
                f,
                "Another process is migrating this database and did not finish in time: {}.",
                printable(&holder.text)
            ),
            Self::Query(error) => write!(f, "Cannot acquire the migration lock: {error}"),
            Self::File(path, error) => {
                write!(f, "Cannot use the lock file {}: {error}", printable(path))
            }
            Self::Isolation(error) => write!(f, "Cannot acquire the migration lock: {error}"),
        }
    }
}

impl std::error::Error for LockError {}
