//! How long a client may keep the server waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The minimum rate, in bytes a second: a slower client times out even if it makes progress.
const SLOWEST: f64 = 500.0;

/// The remaining time of a client. It passes only while the server waits for the client, so a handler may
/// take any time.
pub(super) struct ClientTimeout {
    limit: Duration,
    left: Duration,
    waiting_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl ClientTimeout {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, left: limit, waiting_since: None, alarm: None }
    }

    /// Records that the client has sent or read a number of bytes.
    pub(super) fn progressed(&mut self, bytes: usize) {
        let Some(since) = self.waiting_since.take() else { return };
        let earned = Duration::from_secs_f64(bytes as f64 / SLOWEST);
        self.left = (self.left.saturating_sub(since.elapsed()) + earned).min(self.limit);
    }

    /// Becomes ready when the client's time has run out. Poll it only while the server waits for the client.
    pub(super) fn poll_used_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (left, starts) = (self.left, self.waiting_since.is_none());
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + left;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if starts {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn is_used_up(patience: &mut ClientTimeout) -> bool {
        patience.poll_used_up(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Runs a test in a runtime with timers and a paused clock. The test itself sets the time that a client
    /// has used.
    fn in_runtime(test: impl FnOnce(&mut ClientTimeout)) {
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async { test(&mut ClientTimeout::new(LIMIT)) });
    }

    fn waited(patience: &mut ClientTimeout, seconds: u64) {
        patience.waiting_since = Instant::now().checked_sub(Duration::from_secs(seconds));
    }

    #[test]
    fn a_trickle_uses_up_the_time() {
        in_runtime(|patience| {
            for _ in 0..29 {
                waited(patience, 1);
                patience.progressed(1);
            }
            assert!(patience.left > Duration::ZERO && patience.left < Duration::from_secs(2));
            waited(patience, 2);
            patience.progressed(1);
            // Only the time that the last byte has added.
            assert!(patience.left < Duration::from_millis(10), "{:?}", patience.left);
        });
    }

    #[test]
    fn a_client_that_keeps_up_has_all_of_its_time() {
        in_runtime(|patience| {
            for _ in 0..1_000 {
                waited(patience, 20);
                patience.progressed(20_000);
            }
            assert_eq!(patience.left, LIMIT);
            assert!(!is_used_up(patience));
        });
    }

    #[test]
    fn no_time_passes_while_nobody_waits() {
        in_runtime(|patience| {
            patience.progressed(1);
            patience.progressed(0);
            assert_eq!((patience.left, patience.waiting_since), (LIMIT, None));
            waited(patience, 31);
            assert!(is_used_up(patience));
        });
    }
}
