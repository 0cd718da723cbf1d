//! How long a handler may take until it responds.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::access_log::ConnectionLog;

/// How much of the time is left for the response when a statement was canceled.
const LAST_MOMENT: Duration = Duration::from_millis(500);

/// The remaining time of a handler. It starts again whenever a part of the request's body arrives, and does
/// not pass while the handler waits for one: then the client's own time passes.
pub(super) struct HandlerTime {
    limit: Option<Duration>,
    /// A handler that responds at once needs no timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl HandlerTime {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit, alarm: None }
    }

    /// Becomes ready when the time is over. Poll it only while the handler is not ready.
    pub(super) fn poll_used_up(&mut self, cx: &mut Context<'_>, log: &ConnectionLog) -> Poll<()> {
        let Some(limit) = self.limit else { return Poll::Pending };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(limit)));
        loop {
            ready!(alarm.as_mut().poll(cx));
            let since = log.works_since().map_or_else(Instant::now, Instant::from_std);
            let deadline = since + limit;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(deadline);
        }
    }

    /// Returns the time at which the handler's statements fail: shortly before its own time is over, so that it
    /// can respond.
    pub(super) fn deadline(&self, log: &ConnectionLog) -> Option<std::time::Instant> {
        let limit = self.limit?;
        let since = log.works_since().unwrap_or_else(std::time::Instant::now);
        since.checked_add(limit - (limit / 8).min(LAST_MOMENT))
    }

    /// Returns the limit, for the log.
    pub(super) fn limit_in_seconds(&self) -> u64 {
        self.limit.unwrap_or_default().as_secs()
    }
}
