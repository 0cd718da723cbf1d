//! The time at which statements fail.
//!
//! SQLite waits for other processes within a statement, for as long as the session's busy timeout. Nothing in
//! safe Rust interrupts a statement that computes.

use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as QueryError};

use super::connection::SqliteConnection;
use super::file::{BUSY_TIMEOUT, wait_for_writers};

/// How much longer than the deadline a statement may wait, so that not every use of a connection sets the busy
/// timeout: 1/20 of the time.
const TOLERANCE: u32 = 20;

/// The deadline of a connection, and the busy timeout that was set for it.
#[derive(Default)]
pub(super) struct Deadline {
    at: Option<Instant>,
    busy_timeout: Option<Duration>,
}

impl Deadline {
    /// Returns how long to wait until the deadline, if that is shorter.
    pub(super) fn shorten(&self, limit: Duration) -> Duration {
        self.at.map_or(limit, |at| limit.min(at.saturating_duration_since(Instant::now())))
    }

    /// Fails if the deadline has passed.
    pub(super) fn check(&self) -> QueryResult<()> {
        if self.at.is_some_and(|at| at <= Instant::now()) {
            let message = "the time of the request is over".to_owned();
            let kind = DatabaseErrorKind::UnableToSendCommand;
            return Err(QueryError::DatabaseError(kind, Box::new(message)));
        }
        Ok(())
    }

    /// Returns the busy timeout to set, unless the one of the session will do.
    fn busy_timeout(&mut self) -> Option<Duration> {
        let left = self.at.map_or(BUSY_TIMEOUT, |at| at.saturating_duration_since(Instant::now()));
        let wanted = left.min(BUSY_TIMEOUT);
        let is_set = self.busy_timeout.unwrap_or(BUSY_TIMEOUT);
        let suffices = match self.at {
            Some(_) => (wanted..=wanted + wanted / TOLERANCE).contains(&is_set),
            None => is_set == wanted,
        };
        if suffices {
            return None;
        }
        // SQLite counts whole milliseconds.
        let wanted = Duration::from_millis(u64::try_from(wanted.as_millis()).unwrap_or_default() + 1);
        self.busy_timeout = Some(wanted.min(BUSY_TIMEOUT));
        self.busy_timeout
    }
}

impl SqliteConnection {
    /// Sets or removes the time at which statements fail.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline.at = deadline;
        if let Some(limit) = self.deadline.busy_timeout() {
            // If this fails, the next statement does, too.
            let _ = wait_for_writers(self.inner_mut(), limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busy_timeout_is_set_only_if_it_differs_much() {
        let mut deadline = Deadline::default();
        assert_eq!(deadline.busy_timeout(), None);
        deadline.at = Some(Instant::now() + BUSY_TIMEOUT - Duration::from_millis(300));
        assert_eq!(deadline.busy_timeout(), None, "almost the usual one");
        deadline.at = Some(Instant::now() + Duration::from_secs(5));
        let first = deadline.busy_timeout().expect("a shorter one");
        assert!(first > Duration::from_secs(4) && first <= Duration::from_millis(5_001), "{first:?}");
        deadline.at = Some(Instant::now() + Duration::from_millis(4_900));
        assert_eq!(deadline.busy_timeout(), None, "almost the same");
        deadline.at = Some(Instant::now() + Duration::from_secs(10));
        assert!(deadline.busy_timeout().is_some(), "a longer one");
        deadline.at = None;
        assert_eq!((deadline.busy_timeout(), deadline.busy_timeout()), (Some(BUSY_TIMEOUT), None));
    }

    #[test]
    fn a_deadline_shortens_waits_and_refuses_what_comes_later() {
        let mut deadline = Deadline::default();
        assert!(deadline.check().is_ok() && deadline.shorten(BUSY_TIMEOUT) == BUSY_TIMEOUT);
        deadline.at = Some(Instant::now());
        assert!(deadline.check().is_err() && deadline.shorten(BUSY_TIMEOUT).is_zero());
    }
}
