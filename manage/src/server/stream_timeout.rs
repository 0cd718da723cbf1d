//! The streams of HTTP/2: a client that does not read one must not keep it forever.
//!
//! In HTTP/1 the socket shows whether a client reads. In HTTP/2 a client reads the socket and does not allow
//! more data for one of its streams, which only the task of that stream notices.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

/// What the body of a stream has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// Data, which the client has to read before the body is asked for more.
    Data,
    /// That it has none yet.
    Nothing,
}

thread_local! {
    /// The last answer while this thread polls a stream.
    static LAST: Cell<Option<Answered>> = const { Cell::new(None) };
}

/// Records, for the stream that is being polled, what its body has answered: data, or that it has none yet.
pub(super) fn answered(has_data: bool) {
    LAST.set(Some(if has_data { Answered::Data } else { Answered::Nothing }));
}

/// Runs the streams of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamExecutor {
    pub(super) client_timeout: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        tokio::spawn(Limited { stream, limit: self.client_timeout, is_unread: false, alarm: None });
    }
}

pin_project! {
    /// Ends a stream whose client did not allow any more data for that time. Dropping it resets the stream. As an
    /// `async` block it would have twice the size.
    struct Limited<F> {
        #[pin]
        stream: F,
        limit: Duration,
        // Whether the body has given data that the client did not read yet.
        is_unread: bool,
        alarm: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = ()>> Future for Limited<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        LAST.set(None);
        if this.stream.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Some(last) = LAST.take() {
            (*this.is_unread, *this.alarm) = (last == Answered::Data, None);
        }
        if !*this.is_unread {
            return Poll::Pending;
        }
        this.alarm.get_or_insert_with(|| Box::pin(sleep(*this.limit))).as_mut().poll(cx)
    }
}
