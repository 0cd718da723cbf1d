//! The holder of a lock: a session or an open file, depending on the database.

use std::fmt;
use std::time::Duration;

use super::error::LockError;

/// The interval of the lock's checks while it is held.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The interval of the connection's checks, which cost almost nothing.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The time limit for the answer to that check, or to any other query about the lock.
#[cfg(feature = "_network")]
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// After how many seconds of silence the server drops a holder whose machine has vanished. It must be more
/// than [`CHECK_INTERVAL`] and [`ANSWER`] together: a live holder ends before another one begins.
#[cfg(feature = "_network")]
pub(crate) const SILENCE_SECONDS: u64 = 20;

/// A session that can take a lock, and holds it once it is taken. Both end with this value.
pub(crate) trait LockSession: Send {
    /// Takes the lock if it is free.
    fn try_take(&mut self) -> Result<bool, LockError>;

    /// Returns the other holder of the lock, as far as the database reports it.
    fn holder(&mut self) -> Option<String>;

    /// Checks whether the lock is still held; if not, returns why.
    fn check(&mut self) -> Result<(), String>;

    /// Returns whether the connection has visibly ended, without a query.
    fn has_ended(&mut self) -> bool;

    /// Returns how often to check.
    fn check_every(&self) -> Duration {
        CHECK_INTERVAL
    }

    /// Releases the lock at once. Without this it ends with the connection, which a server notices a moment
    /// later.
    fn release(&mut self);
}

/// A lock that a connection holds. It ends with the connection; where a file holds it, with this value.
pub(crate) struct HeldLock {
    file: Option<Box<dyn Send + Sync>>,
}

impl HeldLock {
    /// The session of the connection holds it.
    pub(crate) const BY_SESSION: Self = Self { file: None };

    /// Returns the lock of this file.
    #[cfg(feature = "sqlite")]
    pub(crate) fn by_file(file: impl Send + Sync + 'static) -> Self {
        Self { file: Some(Box::new(file)) }
    }
}

impl fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.file.is_some() { "HeldLock(file)" } else { "HeldLock(session)" })
    }
}
