//! The same functions on systems without `poll`: the background thread drives the sockets.

use std::future::Future;
use std::time::Instant;

use crate::database::network::background::Background;

/// Returns whether this thread can run futures.
pub(crate) fn is_usable() -> bool {
    true
}

/// Runs a future to its end.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    Background.run(future)
}

/// Runs a future until a time; `None` if it has not ended by then.
pub(crate) fn run_until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    Background.run(async { tokio::time::timeout_at(deadline.into(), future).await.ok() })
}

/// Polls a future without waiting; `None` if it has not ended.
pub(crate) fn look<F: Future>(future: F) -> Option<F::Output> {
    run_until(Instant::now(), future)
}
