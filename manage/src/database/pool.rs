//! Connections that are kept open for reuse.

mod builder;
mod keeper;
mod queue;

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

#[cfg(feature = "async")]
use super::Background;
use super::delegate::{ErrorDetails as _, NoDetails};
#[cfg(feature = "async")]
use super::request_time;
use super::{ConnectError, Connection, Poolable, Reason, connect};
use crate::settings::{DatabaseSettings, PoolSettings};
use keeper::Entry;
use queue::{Queue, Ticket};

pub use builder::PoolBuilder;

/// A limited number of connections to one database, shared by the threads of a program.
///
/// A clone is another handle to the same pool. Creating a pool opens no connection. If the server is down,
/// the caller gets an error at once, with its real reason: the pool does not retry.
///
/// Each connection is tested when it is checked out, and replaced if it is broken, so the server may restart
/// at any time. The test is a query at most once a second for each connection; in between the pool only
/// checks, without a query, whether the server has closed the connection. On MySQL the query also restores
/// the session, so it is sent before each use if the previous one may have changed the session. A connection
/// that ends without a message, because a network or a machine fails, is noticed by the next test, or by the
/// operating system while it is in use.
///
/// A thread closes connections that are idle for too long or too old, and ends when none is left: see
/// [`PoolBuilder`] for the limits.
///
/// It keeps connections of one type: [`Connection`], or any that is [`Poolable`].
///
/// ```no_run
/// # fn works(cx: &manage::Context) -> manage::Result<()> {
/// let pool = cx.pool()?;
/// let worker = std::thread::spawn({
///     let pool = pool.clone();
///     move || -> manage::Result<String> { Ok(pool.get()?.server_version()?) }
/// });
/// let version = pool.get()?.server_version()?;
/// # let _ = (worker, version);
/// # Ok(())
/// # }
/// ```
pub struct Pool<C = Connection> {
    shared: Arc<Handle<C>>,
}

/// A pool's or a connection's handle to the shared state. The last one ends the thread and closes the idle
/// connections.
struct Handle<C>(Arc<Shared<C>>);

impl<C> Deref for Handle<C> {
    type Target = Arc<Shared<C>>;

    fn deref(&self) -> &Arc<Shared<C>> {
        &self.0
    }
}

impl<C> Drop for Handle<C> {
    fn drop(&mut self) {
        let mut state = self.lock();
        state.has_ended = true;
        let idle = std::mem::take(&mut state.idle);
        self.changed.notify_one();
        drop(state);
        drop(idle);
    }
}

impl<C> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<C> {
    settings: DatabaseSettings,
    options: PoolSettings,
    state: Mutex<State<C>>,
    /// One permit for each connection: for the closures of [`Pool::run`].
    #[cfg(feature = "async")]
    turns: Arc<tokio::sync::Semaphore>,
    /// Notified when the thread has something to do.
    changed: Condvar,
}

struct State<C> {
    /// The most recently used connection is last, and is used next.
    idle: Vec<Entry<C>>,
    /// Woken when a connection or a slot becomes free.
    queue: Queue,
    /// The number of connections, including idle ones and those that are being opened.
    total: usize,
    /// Whether the thread runs, and when it wakes.
    is_kept: bool,
    wakes: Option<Instant>,
    has_ended: bool,
}

impl Pool {
    /// Creates a pool of at most `max_size` connections, and of at least one.
    ///
    /// Each connection to an in-memory SQLite database has a database of its own, so its pool has a single
    /// connection.
    pub fn new(settings: DatabaseSettings, max_size: usize) -> Self {
        Self::new_as(settings, max_size)
    }

    /// Like [`Pool::new`], for connections of another type.
    pub fn new_as<C: Poolable>(settings: DatabaseSettings, max_size: usize) -> Pool<C> {
        Self::builder(settings).max_size(max_size).build_as()
    }

    /// Returns a builder that sets the number of connections and how long they are kept.
    pub fn builder(settings: DatabaseSettings) -> PoolBuilder {
        PoolBuilder::new(settings)
    }
}

impl<C: Poolable> Pool<C> {
    /// Returns a connection, as soon as one is available.
    ///
    /// It waits for another thread to return one for as long as an attempt to connect may take, or the
    /// `connection_timeout` of the pool. Then it fails with [`Reason::TimedOut`], as for a server that does
    /// not answer in time.
    pub fn get(&self) -> Result<PooledConnection<C>, ConnectError> {
        let mut connection = self.get_since(Instant::now(), false)?;
        connection.set_deadline(None);
        Ok(connection)
    }

    /// Like [`Pool::get`], with a time limit that began at `started`. `waited` means that a part of it is over.
    fn get_since(&self, started: Instant, mut waited: bool) -> Result<PooledConnection<C>, ConnectError> {
        loop {
            let mut place = Place { shared: &self.shared, ticket: None };
            let free = place.wait(started)?;
            waited |= place.ticket.is_some();
            drop(place);
            match free {
                Free::Slot => return self.open(started, waited),
                Free::Idle(entry) => {
                    if let Some(connection) = self.reuse(entry, started)? {
                        return Ok(connection);
                    }
                }
            }
            waited = true;
        }
    }

    /// Tests an idle connection; `None` if it is too old or broken. The next idle connection, if any, is
    /// probably broken, too: the server has restarted.
    fn reuse(&self, entry: Entry<C>, started: Instant) -> Result<Option<PooledConnection<C>>, ConnectError> {
        let shared = &self.shared;
        let slot = Slot { shared };
        // Parameters are dropped after variables, but the connection must end before its slot is free.
        let mut entry = entry;
        let now = Instant::now();
        if entry.is_too_old(now) {
            return Ok(None);
        }
        if !entry.was_checked_lately(now) || !entry.connection.is_ready() {
            entry.connection.set_deadline(None);
            let left = shared.limit().saturating_sub(now.duration_since(started));
            match entry.connection.check(&shared.settings, left) {
                Ok(()) => entry.checked = Instant::now(),
                Err(error) if error.reason == Reason::TimedOut => return Err(error),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(self.hand_out(entry, slot)))
    }

    fn open(&self, started: Instant, waited: bool) -> Result<PooledConnection<C>, ConnectError> {
        let shared = &self.shared;
        let slot = Slot { shared };
        let mut settings = Cow::Borrowed(&shared.settings);
        // One limit covers the wait and the attempt to connect.
        if waited || shared.options.connection_timeout.is_some() {
            let left = shared.limit().saturating_sub(started.elapsed());
            settings.to_mut().connect_timeout = settings.connect_timeout.min(left);
        }
        let connection = connect::open(&settings)?;
        Ok(self.hand_out(Entry::new(connection, &shared.options), slot))
    }

    /// Runs a closure with a connection on a thread where it may block: for the handlers of a web server.
    ///
    /// If all connections are in use, it waits in the order of the calls, and occupies no thread meanwhile.
    ///
    /// In a handler of `serve` or `runserver` the statements have the time of the request
    /// (`request_timeout_seconds`), also if its client goes away: the server cancels a statement that takes
    /// longer, and a `ConnectError` replaces the closure's error. The types of connections that other drivers
    /// open have no such limit, and on SQLite it limits the wait for other processes.
    ///
    /// A panic of the closure continues in the caller. If the future is dropped, a closure that has begun
    /// runs to its end.
    #[cfg(feature = "async")]
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut C) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<ConnectError> + Send + 'static,
    {
        let started = Instant::now();
        let deadline = request_time::deadline();
        let (turn, waited) = self.turn(started).await?;
        let pool = self.clone();
        // If the caller catches panics, as a web server does for its handlers, this panic is caught with its
        // location.
        let is_catching = crate::panics::is_catching();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let work = || {
                let mut connection = pool.get_since(started, waited)?;
                pool.in_time(deadline)?;
                connection.set_deadline(deadline);
                let result = work(&mut connection);
                if result.is_err() {
                    pool.in_time(deadline)?;
                }
                result
            };
            if !is_catching {
                return work();
            }
            crate::panics::call(work).unwrap_or_else(|panic| std::panic::resume_unwind(Box::new(panic)))
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

    /// Fails if the time of a request is over.
    #[cfg(feature = "async")]
    fn in_time(&self, deadline: Option<Instant>) -> Result<(), ConnectError> {
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            let message = "the time of the request was over before the database answered";
            return Err(ConnectError::new(&self.shared.settings, Reason::TimedOut, message));
        }
        Ok(())
    }

    /// Waits until fewer closures run than there are connections: more threads would only wake each other.
    /// Returns whether it had to wait, too.
    #[cfg(feature = "async")]
    async fn turn(
        &self,
        started: Instant,
    ) -> Result<(tokio::sync::OwnedSemaphorePermit, bool), ConnectError> {
        let shared = &self.shared;
        let turns = || Arc::clone(&shared.turns);
        if let Ok(turn) = turns().try_acquire_owned() {
            return Ok((turn, false));
        }
        let left = shared.limit().saturating_sub(started.elapsed());
        // The caller's runtime may have no timers.
        let turn = Background.inside(|| tokio::time::timeout(left, turns().acquire_owned())).await;
        // It is never closed.
        turn.ok().and_then(Result::ok).map(|turn| (turn, true)).ok_or_else(|| shared.exhausted())
    }

    /// Returns the settings of its connections.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.shared.settings
    }

    fn hand_out(&self, entry: Entry<C>, slot: Slot<'_, C>) -> PooledConnection<C> {
        std::mem::forget(slot);
        PooledConnection { entry: Some(entry), shared: Arc::clone(&self.shared) }
    }
}

impl<C> std::fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.shared.lock();
        let (total, idle, max_size) = (state.total, state.idle.len(), self.shared.options.max_size);
        write!(f, "Pool({}, {total} of {max_size} open, {idle} idle)", self.shared.settings)
    }
}

/// What a thread may take from a pool.
enum Free<C> {
    Idle(Entry<C>),
    /// A connection may be opened.
    Slot,
}

impl<C: Poolable> State<C> {
    fn take(&mut self, shared: &Arc<Shared<C>>, ticket: Option<Ticket>) -> Option<Free<C>> {
        if !self.queue.may_take(ticket) {
            return None;
        }
        if let Some(entry) = self.idle.pop() {
            keeper::start(shared, self);
            return Some(Free::Idle(entry));
        }
        if self.total < shared.options.max_size {
            self.total += 1;
            return Some(Free::Slot);
        }
        None
    }
}

impl<C> State<C> {
    /// Returns the thread to wake, if it could take something.
    fn next_waiting(&self, options: &PoolSettings) -> Option<Thread> {
        let has_free = !self.idle.is_empty() || self.total < options.max_size;
        if has_free { self.queue.first() } else { None }
    }
}

/// The place of a thread in the queue of a pool. It leaves the queue by drop.
struct Place<'a, C> {
    shared: &'a Arc<Shared<C>>,
    ticket: Option<Ticket>,
}

impl<C: Poolable> Place<'_, C> {
    /// Waits until something is free. Fails at the time limit, which began at `started`.
    fn wait(&mut self, started: Instant) -> Result<Free<C>, ConnectError> {
        let shared = self.shared;
        loop {
            let mut state = shared.lock();
            if let Some(free) = state.take(shared, self.ticket) {
                return Ok(free);
            }
            self.ticket.get_or_insert_with(|| state.queue.join());
            drop(state);
            let left = shared.limit().saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(shared.exhausted());
            }
            thread::park_timeout(left);
        }
    }
}

impl<C> Drop for Place<'_, C> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.shared.lock();
        state.queue.leave(ticket);
        // The wake-up may have been for more than one connection, or for a thread whose time was over.
        let next = state.next_waiting(&self.shared.options);
        drop(state);
        wake(next);
    }
}

fn wake(thread: Option<Thread>) {
    if let Some(thread) = thread {
        thread.unpark();
    }
}

impl<C> Shared<C> {
    /// Returns how long [`Pool::get`] may take.
    fn limit(&self) -> Duration {
        self.options.connection_timeout.unwrap_or(self.settings.connect_timeout)
    }

    /// Returns the error for a caller whose time is over.
    fn exhausted(&self) -> ConnectError {
        let max_size = self.options.max_size;
        let message = format!("all {max_size} connections of the pool remained in use");
        ConnectError::new(&self.settings, Reason::TimedOut, message)
    }

    /// Locks the list, also after a panic of another thread: no foreign code runs under this lock.
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release_slot(&self) {
        let mut state = self.lock();
        state.total -= 1;
        if state.lacks(&self.options) > 0 {
            self.changed.notify_one();
        }
        let next = state.queue.first();
        drop(state);
        wake(next);
    }
}

impl<C: Poolable> Shared<C> {
    fn give_back(self: &Arc<Self>, mut entry: Entry<C>, now: Instant) {
        entry.begin_idle(&self.options, now);
        let mut state = self.lock();
        state.idle.push(entry);
        keeper::start(self, &mut state);
        let next = state.queue.first();
        drop(state);
        wake(next);
    }
}

/// The slot of a connection that is being opened. It is released unless the connection takes it.
struct Slot<'a, C> {
    shared: &'a Shared<C>,
}

impl<C> Drop for Slot<'_, C> {
    fn drop(&mut self) {
        self.shared.release_slot();
    }
}

/// A connection that returns to its pool when it is dropped.
///
/// A connection that is broken, has an open transaction, or is dropped by a panic is closed instead.
pub struct PooledConnection<C: Poolable = Connection> {
    /// Present until drop.
    entry: Option<Entry<C>>,
    shared: Arc<Handle<C>>,
}

impl<C: Poolable> PooledConnection<C> {
    fn driver(&mut self) -> &mut C {
        self
    }

    fn details(&self) -> NoDetails {
        NoDetails
    }
}

impl<C: Poolable> Deref for PooledConnection<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.entry.as_ref().expect("the connection is taken by drop alone").connection
    }
}

impl<C: Poolable> DerefMut for PooledConnection<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.entry.as_mut().expect("the connection is taken by drop alone").connection
    }
}

impl<C: Poolable> Drop for PooledConnection<C> {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else { return };
        let now = Instant::now();
        if thread::panicking() || entry.connection.is_broken() || entry.is_too_old(now) {
            drop(entry);
            self.shared.release_slot();
        } else {
            self.shared.give_back(entry, now);
        }
    }
}

delegate_connection!([C: Poolable] PooledConnection<C> => C, NoDetails, PooledTransactions, |_url| {
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
        let folder = tempfile::tempdir().expect("a directory");
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
        let folder = tempfile::tempdir().expect("a directory");
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
            assert_eq!(pool.get().map(drop).expect_err("no directory").reason, Reason::File);
        }
    }

    #[test]
    fn min_idle_is_reached_after_failures() {
        let folder = tempfile::tempdir().expect("a directory");
        let missing = folder.path().join("later");
        let pool = Pool::builder(settings(&missing.join("a.db"))).min_idle(1).build();
        let (sender, receiver) = std::sync::mpsc::channel();
        let own = pool.clone();
        let asks = move || {
            while sender.send(own.get().map(drop)).is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        let asking = std::thread::spawn(asks);
        let long = Duration::from_secs(30);
        for _ in 0..10 {
            let error = receiver.recv_timeout(long).expect("the pool answers").expect_err("no directory");
            assert_eq!(error.reason, Reason::File);
        }
        std::fs::create_dir(&missing).expect("the directory");
        drop(receiver);
        asking.join().expect("the thread ends");
        let start = Instant::now();
        while pool.shared.lock().idle.is_empty() {
            assert!(start.elapsed() < long, "{pool:?}");
            std::thread::sleep(Duration::from_millis(10));
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
        let limit = Duration::from_secs(2);
        settings.connect_timeout = limit;
        let pool = Pool::new(settings, 1);
        pool.shared.lock().total = 1;
        let started = Instant::now();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(limit * 9 / 10);
                pool.shared.release_slot();
            });
            pool.get().map(drop).expect_err("nobody answers")
        });
        assert_eq!(error.reason, Reason::TimedOut);
        // Two limits would be 3.8 s.
        assert!(started.elapsed() < Duration::from_millis(3700), "{:?}", started.elapsed());
    }
}
