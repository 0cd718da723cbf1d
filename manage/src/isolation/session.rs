//! What holds a lock: a session or an open file, whichever the database has.

use std::time::Duration;

use super::IsolationError;

/// How often the lock is looked at while it is held.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// How often the way to it is, which costs next to nothing.
pub(super) const GLANCE: Duration = Duration::from_millis(50);

/// How long the server may take to answer that look, or any other question about the lock.
#[cfg(feature = "network")]
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// After how many seconds of silence the server gives up a holder whose machine has vanished. It must be more than
/// [`LOOK`] and [`ANSWER`] together: the holder, if it lives, ends before another one begins.
#[cfg(feature = "network")]
pub(super) const SILENCE_SECONDS: u64 = 20;

/// A way to a lock, and the lock itself once it is taken. It ends with this value.
pub(super) trait Session: Send {
    /// Takes the lock, if it is free.
    fn try_take(&mut self) -> Result<bool, IsolationError>;

    /// Who else holds it, as far as the database can tell.
    fn holder(&mut self) -> Option<String>;

    /// Whether the lock is still held; if not, why.
    fn look(&mut self) -> Result<(), String>;

    /// Whether it has visibly ended: what can be told without asking anybody.
    fn has_ended(&self) -> bool;

    /// How often to look.
    fn look_every(&self) -> Duration {
        LOOK
    }

    /// Gives it back at once. Without this it ends with the connection, of which a server learns a moment later.
    fn release(&mut self);
}
