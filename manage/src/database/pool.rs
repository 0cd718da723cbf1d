//! Connections that are kept open for the next one who needs one.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use diesel::r2d2::R2D2Connection as _;

use super::delegate::{ErrorDetails as _, NoDetails};
use super::{ConnectError, Connection, Reason};
use crate::settings::DatabaseSettings;

/// A limited number of connections to one database, shared by the threads of a program.
///
/// A clone is another handle to the same pool. Making a pool opens nothing. A connection is tested when it is handed out,
/// and replaced if it broke, so that a server may restart at any time. A server that is down is an error at once, with its
/// real reason: nothing is retried, and no thread works behind the scenes.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    settings: DatabaseSettings,
    max_size: usize,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// How many there are, idle ones and those that are being opened included.
    total: usize,
}

impl Pool {
    /// How many connections a pool has where nobody chose: well below what any server allows by itself.
    pub const DEFAULT_SIZE: usize = 10;

    /// A pool of at most `max_size` connections, and of at least one.
    ///
    /// An SQLite database in memory is another one for each connection, so that its pool has a single one.
    pub fn new(settings: DatabaseSettings, max_size: usize) -> Self {
        let max_size = if in_memory(&settings) { 1 } else { max_size.max(1) };
        let shared = Shared { settings, max_size, state: Mutex::default(), returned: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// A connection, as soon as there is one.
    ///
    /// It waits for another thread to return one for as long as an attempt to connect may take.
    pub fn get(&self) -> Result<PooledConnection, ConnectError> {
        let shared = &self.shared;
        let deadline = super::deadline(shared.settings.connect_timeout);
        let mut state = shared.lock();
        let mut waited = false;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(mut connection) = state.idle.pop() {
                drop(state);
                let seat = Seat { shared };
                match connection.ask_used(&shared.settings, left) {
                    Ok(()) => return Ok(self.hand_out(connection, seat)),
                    Err(error) if error.reason == Reason::TimedOut => return Err(error),
                    // The server restarted, most likely: the next one is as broken, or there is none.
                    Err(_) => drop((connection, seat)),
                }
                waited = true;
                state = shared.lock();
            } else if state.total < shared.max_size {
                state.total += 1;
                drop(state);
                let seat = Seat { shared };
                let mut settings = shared.settings.clone();
                // One limit for all of it.
                if waited {
                    settings.connect_timeout = left;
                }
                return Connection::open(&settings).map(|connection| self.hand_out(connection, seat));
            } else if left.is_zero() {
                let message = format!("all {} connections of the pool stayed in use", shared.max_size);
                return Err(ConnectError::new(&shared.settings, Reason::TimedOut, message));
            } else {
                waited = true;
                state = shared.returned.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Runs a closure with a connection on a thread where it may block: for the handlers of a web server.
    #[cfg(feature = "async")]
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<ConnectError> + Send + 'static,
    {
        let pool = self.clone();
        // Where the caller's panic would be caught, as that of a web server's handler, so is this one: with its place.
        let is_catching = crate::caught::is_catching();
        let task = tokio::task::spawn_blocking(move || {
            let work = || work(&mut *pool.get()?);
            if !is_catching {
                return work();
            }
            crate::caught::call(work).unwrap_or_else(|panic| std::panic::resume_unwind(Box::new(panic)))
        });
        match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => {
                    let message = "the program is ending";
                    Err(ConnectError::new(&self.shared.settings, Reason::Other, message).into())
                }
            },
        }
    }

    /// The settings that it connects with.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.shared.settings
    }

    fn hand_out(&self, connection: Connection, seat: Seat<'_>) -> PooledConnection {
        std::mem::forget(seat);
        PooledConnection { connection: Some(connection), shared: Arc::clone(&self.shared) }
    }
}

#[cfg(feature = "sqlite")]
fn in_memory(settings: &DatabaseSettings) -> bool {
    settings.backend == crate::settings::Backend::Sqlite && super::sqlite::path(&settings.name).is_none()
}

#[cfg(not(feature = "sqlite"))]
fn in_memory(_: &DatabaseSettings) -> bool {
    false
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.shared.lock();
        let (total, idle, max_size) = (state.total, state.idle.len(), self.shared.max_size);
        write!(f, "Pool({}, {total} of {max_size} open, {idle} idle)", self.shared.settings)
    }
}

impl Shared {
    /// A thread that panicked left the list as it was: no code of others runs under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up_seat(&self) {
        self.lock().total -= 1;
        self.returned.notify_one();
    }
}

/// The place of a connection that is not there yet. Given up unless the connection takes it.
struct Seat<'a> {
    shared: &'a Shared,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.shared.give_up_seat();
    }
}

/// A connection that goes back into its pool when it is dropped.
///
/// One that broke, holds an open transaction, or is dropped by a panic is closed instead.
pub struct PooledConnection {
    /// It is there until the very end.
    connection: Option<Connection>,
    shared: Arc<Shared>,
}

impl PooledConnection {
    fn driver(&mut self) -> &mut Connection {
        self
    }

    fn details(&self) -> NoDetails {
        NoDetails
    }
}

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is taken by drop alone")
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("the connection is taken by drop alone")
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if std::thread::panicking() || connection.is_broken() {
            drop(connection);
            self.shared.give_up_seat();
        } else {
            self.shared.lock().idle.push(connection);
            self.shared.returned.notify_one();
        }
    }
}

delegate_connection!(PooledConnection => Connection, NoDetails, PooledTransactions, super::delegate::begin, super::delegate::commit, |_url| {
    let message = "a pooled connection comes out of its pool".to_owned();
    Err(diesel::ConnectionError::BadConnection(message))
});

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::time::Duration;

    use diesel::RunQueryDsl as _;
    use diesel::connection::TransactionManager as _;
    use diesel::sql_types::Integer;

    use super::*;
    use crate::settings::Origin;

    fn settings(path: &std::path::Path) -> DatabaseSettings {
        let mut settings = DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code);
        settings.connect_timeout = Duration::from_millis(50);
        settings
    }

    fn number(connection: &mut PooledConnection) -> i32 {
        diesel::select(diesel::dsl::sql::<Integer>("7")).get_result(connection).expect("an answer")
    }

    #[test]
    fn a_connection_is_used_again_and_the_limit_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = Pool::new(settings(&folder.path().join("a.db")), 2);
        assert!(!folder.path().join("a.db").exists(), "making a pool opens nothing");
        let mut first = pool.get().expect("the first");
        let second = pool.get().expect("the second");
        assert_eq!(number(&mut first), 7);
        let error = pool.get().map(drop).expect_err("both are in use");
        assert_eq!(error.reason, Reason::TimedOut);
        assert!(error.to_string().contains("all 2 connections"), "{error}");
        drop(second);
        drop(pool.get().expect("the second again"));
        assert!(format!("{pool:?}").ends_with("2 of 2 open, 1 idle)"), "{pool:?}");
    }

    #[test]
    fn an_open_transaction_does_not_go_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = Pool::new(settings(&folder.path().join("a.db")), 1);
        let mut connection = pool.get().expect("a connection");
        PooledTransactions::begin_transaction(&mut connection).expect("a transaction");
        drop(connection);
        assert!(format!("{pool:?}").ends_with("0 of 1 open, 0 idle)"), "{pool:?}");
        assert_eq!(number(&mut pool.get().expect("a new one")), 7);
    }

    #[test]
    fn a_failure_tells_its_reason_and_frees_the_place() {
        let pool = Pool::new(settings(std::path::Path::new("/no/such/folder/a.db")), 1);
        for _ in 0..3 {
            assert_eq!(pool.get().map(drop).expect_err("no folder").reason, Reason::File);
        }
    }
}

#[cfg(all(test, feature = "postgres"))]
mod server_tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::Origin;

    #[test]
    fn waiting_and_opening_share_one_limit() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("postgres://app@{}/app", listener.local_addr().expect("an address"));
        let mut settings = DatabaseSettings::from_url("default", &url, Origin::Code).expect("a URL");
        settings.connect_timeout = Duration::from_secs(1);
        let pool = Pool::new(settings, 1);
        pool.shared.lock().total = 1;
        let started = Instant::now();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(800));
                pool.shared.give_up_seat();
            });
            pool.get().map(drop).expect_err("nobody answers")
        });
        assert_eq!(error.reason, Reason::TimedOut);
        assert!(started.elapsed() < Duration::from_millis(1600), "{:?}", started.elapsed());
    }
}
