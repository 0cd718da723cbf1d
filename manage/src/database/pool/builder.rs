//! The builder of a pool.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::queue::Queue;
use super::{Handle, Pool, Shared, State, keeper};
use crate::database::Poolable;
use crate::database::operations::operations;
use crate::settings::{DatabaseSettings, PoolSettings};

/// A builder of a [`Pool`]. Options that are not set come from the settings (`[pool]` of `manage.toml` and
/// `MANAGE_POOL_…`), or else from [`PoolSettings`]' defaults.
///
/// ```no_run
/// # fn makes(cx: &manage::Context) -> manage::Result<()> {
/// use std::time::Duration;
/// use manage::database::Pool;
///
/// let settings = cx.settings()?.database("default")?.clone();
/// let pool = Pool::builder(settings)
///     .max_size(4)
///     .max_lifetime(Duration::from_secs(5 * 60))
///     .idle_timeout(None)
///     .build();
/// # let _ = pool;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "`build` makes the pool"]
pub struct PoolBuilder {
    settings: DatabaseSettings,
    options: PoolSettings,
}

impl PoolBuilder {
    pub(super) fn new(settings: DatabaseSettings) -> Self {
        let options = settings.pool.clone();
        Self { settings, options }
    }

    /// Sets the maximum number of connections, in use or idle; at least 1.
    pub fn max_size(mut self, max_size: usize) -> Self {
        self.options.max_size = max_size;
        self
    }

    /// Sets how many idle connections a thread of the pool keeps open, up to `max_size`. With 0 none is
    /// opened before it is needed.
    pub fn min_idle(mut self, min_idle: usize) -> Self {
        self.options.min_idle = min_idle;
        self
    }

    /// Sets the time after which an idle connection is closed, unless only `min_idle` are left. `None` keeps
    /// it.
    pub fn idle_timeout(mut self, idle_timeout: impl Into<Option<Duration>>) -> Self {
        self.options.idle_timeout = idle_timeout.into();
        self
    }

    /// Sets the age at which a connection is closed as soon as it is idle. `None` keeps it. The age is up to
    /// 1/40 less, at random, so that connections that were opened together are not closed together.
    pub fn max_lifetime(mut self, max_lifetime: impl Into<Option<Duration>>) -> Self {
        self.options.max_lifetime = max_lifetime.into();
        self
    }

    /// Sets how long [`Pool::get`] waits, for another thread to return a connection and for a new one to
    /// open. The default is the `connect_timeout` of the database, which limits each attempt to open one in
    /// any case.
    pub fn connection_timeout(mut self, connection_timeout: Duration) -> Self {
        self.options.connection_timeout = Some(connection_timeout);
        self
    }

    /// Creates the pool. It opens nothing itself: with `min_idle` a thread of the pool does.
    ///
    /// An SQLite database in memory is a different one for each connection and ends with it, so its pool
    /// keeps a single one.
    pub fn build(self) -> Pool {
        self.build_as()
    }

    /// Like [`PoolBuilder::build`], for connections of another type.
    pub fn build_as<C: Poolable>(self) -> Pool<C> {
        let Self { settings, mut options } = self;
        let is_private =
            operations(settings.backend).is_some_and(|operations| operations.is_private(&settings));
        if is_private {
            options = PoolSettings { max_size: 1, idle_timeout: None, max_lifetime: None, ..options };
        }
        options.max_size = options.max_size.max(1);
        options.min_idle = options.min_idle.min(options.max_size);
        #[cfg(feature = "async")]
        let turns = options.max_size.min(tokio::sync::Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared {
            settings,
            options,
            #[cfg(feature = "async")]
            turns: Arc::new(tokio::sync::Semaphore::new(turns)),
            state: Mutex::new(State {
                idle: Vec::new(),
                queue: Queue::default(),
                total: 0,
                is_kept: false,
                wakes: None,
                has_ended: false,
            }),
            changed: Condvar::new(),
        });
        keeper::start(&shared, &mut shared.lock());
        Pool { shared: Arc::new(Handle(shared)) }
    }
}
