//! The streams of HTTP/2: a client that does not read one must not keep it forever.
//!
//! In HTTP/1 the socket shows whether a client reads. In HTTP/2 a client reads the socket and does not allow
//! more data for one of its streams, which only the task of that stream notices.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

/// The body's last answer to the task of its stream.
const NOTHING: u8 = 0;
const WAIT: u8 = 1;
const DATA: u8 = 2;

tokio::task_local! {
    static LAST: Arc<AtomicU8>;
}

/// Records, in the task of a stream, what its body has answered: data, which the client has to read before
/// the body is asked for more, or that it has none yet.
pub(super) fn answered(has_data: bool) {
    let _ = LAST.try_with(|last| last.store(if has_data { DATA } else { WAIT }, Ordering::Relaxed));
}

/// Runs the streams of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamExecutor {
    pub(super) client_timeout: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        let last = Arc::new(AtomicU8::new(NOTHING));
        tokio::spawn(LAST.scope(Arc::clone(&last), within(stream, last, self.client_timeout)));
    }
}

/// Ends a stream whose client did not allow any more data for that time. Dropping it resets the stream.
async fn within(stream: impl Future<Output = ()>, last: Arc<AtomicU8>, limit: Duration) {
    let mut stream = pin!(stream);
    let mut alarm: Option<Pin<Box<Sleep>>> = None;
    // Whether the body has given data that the client did not read yet.
    let mut is_unread = false;
    poll_fn(|cx: &mut Context<'_>| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        match last.swap(NOTHING, Ordering::Relaxed) {
            DATA => (is_unread, alarm) = (true, None),
            WAIT => (is_unread, alarm) = (false, None),
            _ => {}
        }
        if !is_unread {
            return Poll::Pending;
        }
        alarm.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx)
    })
    .await;
}
