//! Runs futures whose sockets the calling thread drives itself.
//!
//! A synchronous connection is used by one thread at a time. If another thread drives its socket, each query
//! wakes that thread, and the answer wakes the caller. Here the caller reads and writes its own socket, and
//! sleeps in `poll` until the server answers. Between two calls nothing drives the socket.
//!
//! A future must wait only for a [`Socket`], for [`timeout_at`], for what happens on its own thread, or,
//! without sockets, for anything that wakes it. It must not wait for another thread and a socket at once.

#[cfg(all(unix, feature = "postgres"))]
mod socket;
#[cfg(all(unix, feature = "postgres"))]
mod thread;
#[cfg(all(not(unix), feature = "postgres"))]
#[path = "runtime.rs"]
mod thread;

use std::future::Future;

use tokio::time::Instant;

#[cfg(all(unix, feature = "postgres"))]
pub(crate) use socket::Socket;
#[cfg(feature = "postgres")]
pub(crate) use thread::{is_usable, look, run, run_until};

/// Runs a future until a time; `None` if it has not ended by then. Works in [`run`] and in tokio's runtimes.
pub(crate) async fn timeout_at<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    #[cfg(all(unix, feature = "postgres"))]
    if thread::is_running() {
        return thread::timeout_at(deadline.into_std(), future).await;
    }
    tokio::time::timeout_at(deadline, future).await.ok()
}

/// Calls a function that runs futures in another way, such as by a runtime.
pub(crate) fn outside<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(all(unix, feature = "postgres"))]
    return thread::outside(work);
    #[cfg(not(all(unix, feature = "postgres")))]
    work()
}

#[cfg(all(test, unix, feature = "postgres"))]
mod tests;
