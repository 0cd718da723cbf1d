//! The thread that closes connections which are idle for too long or too old, and keeps `min_idle` open.
//!
//! It runs only while it has something to wait for.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::{Shared, Slot, State};
use crate::database::{Poolable, connect};
use crate::settings::PoolSettings;

/// How long to wait before `min_idle` is tried again after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// How long after a check a connection may be used without another one.
///
/// It bounds how long something goes unnoticed that only a query shows: a network that fails silently, or a
/// session that a trigger has changed.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A connection of a pool.
pub(super) struct Entry<C> {
    pub(super) connection: C,
    /// The time of the last check, or when it was opened.
    pub(super) checked: Instant,
    /// The time at which it becomes too old.
    expires: Option<Instant>,
    /// The time at which it has been idle for too long.
    idle_until: Option<Instant>,
}

impl<C> Entry<C> {
    pub(super) fn new(connection: C, options: &PoolSettings) -> Self {
        let expires = options.max_lifetime.and_then(|lifetime| {
            let chance = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
            Instant::now().checked_add(lifetime.mul_f64(1.0 - chance / 40.0))
        });
        Self { connection, checked: Instant::now(), expires, idle_until: None }
    }

    pub(super) fn begin_idle(&mut self, options: &PoolSettings, now: Instant) {
        self.idle_until = options.idle_timeout.and_then(|timeout| now.checked_add(timeout));
    }

    pub(super) fn is_too_old(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    pub(super) fn was_checked_lately(&self, now: Instant) -> bool {
        now.duration_since(self.checked) < CHECK_INTERVAL
    }

    fn is_unused(&self, now: Instant) -> bool {
        self.idle_until.is_some_and(|until| until <= now)
    }
}

/// Starts the thread if it has something to do, or wakes it if that is due earlier than it expects.
pub(super) fn start<C: Poolable>(shared: &Arc<Shared<C>>, state: &mut State<C>) {
    let next = state.next(&shared.options);
    let lacks = state.lacks(&shared.options) > 0;
    if state.is_kept {
        if lacks || next.is_some_and(|next| state.wakes.is_none_or(|wakes| next < wakes)) {
            shared.changed.notify_one();
        }
    } else if lacks || next.is_some() {
        let kept = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("manage-pool".to_owned()).spawn(move || keep(&kept));
        // Without the thread, expired connections are closed when they are checked out.
        state.is_kept = thread.is_ok();
    }
}

impl<C> State<C> {
    /// Returns the number of connections to open to reach `min_idle`.
    pub(super) fn lacks(&self, options: &PoolSettings) -> usize {
        options.min_idle.saturating_sub(self.idle.len()).min(options.max_size - self.total)
    }

    /// Returns the time at which the next idle connection expires.
    fn next(&self, options: &PoolSettings) -> Option<Instant> {
        let unused = (self.idle.len() > options.min_idle)
            .then(|| self.idle.iter().filter_map(|entry| entry.idle_until));
        let too_old = self.idle.iter().filter_map(|entry| entry.expires);
        unused.into_iter().flatten().chain(too_old).min()
    }

    /// Removes the expired idle connections. They keep their slots.
    fn take_expired(&mut self, options: &PoolSettings, now: Instant) -> Vec<Entry<C>> {
        let mut expired = Vec::new();
        let mut i = 0;
        // The most recently used connection is last.
        while let Some(entry) = self.idle.get(i) {
            let is_spare = self.idle.len() > options.min_idle;
            if entry.is_too_old(now) || is_spare && entry.is_unused(now) {
                expired.push(self.idle.remove(i));
            } else {
                i += 1;
            }
        }
        expired
    }
}

/// Records the end of the thread, also when a driver panics.
struct KeeperGuard<'a, C>(&'a Shared<C>);

impl<C> Drop for KeeperGuard<'_, C> {
    fn drop(&mut self) {
        self.0.lock().is_kept = false;
    }
}

fn keep<C: Poolable>(shared: &Arc<Shared<C>>) {
    let kept = KeeperGuard(shared);
    let options = &shared.options;
    let mut retry: Option<Instant> = None;
    let mut state = shared.lock();
    while !state.has_ended {
        let now = Instant::now();
        let expired = state.take_expired(options, now);
        if !expired.is_empty() {
            drop(state);
            for entry in expired {
                let _seat = Slot { shared };
                drop(entry);
            }
            state = shared.lock();
            continue;
        }
        let lacks = state.lacks(options) > 0;
        if lacks && retry.is_none_or(|retry| retry <= now) {
            state.total += 1;
            drop(state);
            let slot = Slot { shared };
            retry = match connect::open(&shared.settings) {
                Ok(connection) => {
                    std::mem::forget(slot);
                    shared.give_back(Entry::new(connection, options), Instant::now());
                    None
                }
                Err(_) => {
                    // It takes the lock.
                    drop(slot);
                    Some(Instant::now() + RETRY)
                }
            };
            state = shared.lock();
            continue;
        }
        let next = state.next(options).into_iter().chain(retry.filter(|_| lacks)).min();
        if next.is_none() && options.min_idle == 0 {
            // This happens under the same lock as the decision, so a thread that returns a connection now
            // starts a new keeper thread.
            state.is_kept = false;
            std::mem::forget(kept);
            return;
        }
        state.wakes = next;
        state = match next {
            Some(next) => {
                let pause = next.saturating_duration_since(now);
                shared.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
    drop(state);
}
