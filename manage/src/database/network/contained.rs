//! Catches panics of drivers, caused by unexpected data from a server. They end a connection, not the
//! program.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
#[cfg(feature = "_network")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

#[cfg(feature = "_network")]
use diesel::result::{DatabaseErrorKind, Error as QueryError};

#[cfg(feature = "_network")]
use crate::database::{ConnectError, Reason};
use crate::panics;
#[cfg(feature = "_network")]
use crate::settings::DatabaseSettings;

/// The driver panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

impl Panicked {
    /// Continues the panic, for the caller that expects it.
    pub(super) fn go_on(self) -> ! {
        resume_unwind(Box::new(self))
    }

    /// Converts it into a Diesel error, after which the connection is unusable.
    #[cfg(feature = "_network")]
    pub(crate) fn into_diesel(self) -> QueryError {
        let message = "the server sent invalid data, and the connection was closed";
        QueryError::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message.to_owned()))
    }
}

/// Returns the error for an answer that the driver cannot read, or must not receive.
#[cfg(feature = "_network")]
pub(crate) fn unreadable(settings: &DatabaseSettings, what: Option<&str>) -> ConnectError {
    ConnectError::new(settings, Reason::Other, unreadable_message(what))
}

/// Returns the message of that error.
pub(super) fn unreadable_message(what: Option<&str>) -> String {
    let what = what.unwrap_or("the protocol does not allow it there");
    format!("the server sent invalid data: {what}")
}

/// Runs a driver's future. A panic ends it and becomes its result.
pub(crate) async fn contained<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = Some(Box::pin(future));
    poll_fn(move |context| {
        let Some(running) = &mut future else { return Poll::Ready(Err(Panicked)) };
        match panics::call_silently(|| running.as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_) => {
                // Its remaining state may be inconsistent, too.
                let _ = panics::call_silently(|| future.take());
                Poll::Ready(Err(Panicked))
            }
        }
    })
    .await
}

thread_local! {
    /// Whether a caller on this thread catches panics of drivers.
    static EXPECTING: Cell<bool> = const { Cell::new(false) };
}

/// Calls a function, and catches a panic of the futures that it runs by [`crate::database::Background`].
/// Other panics propagate, such as those of a project's own types while they are converted to SQL.
#[cfg(feature = "_network")]
pub(crate) fn expecting<T>(function: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = EXPECTING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(function));
    EXPECTING.set(before);
    result.or_else(|payload| match payload.downcast::<Panicked>() {
        Ok(panicked) => Err(*panicked),
        Err(payload) => resume_unwind(payload),
    })
}

/// Returns the future as it is, unless a caller expects its panics.
pub(super) async fn caught_if_expected<F: Future>(future: F) -> F::Output {
    if !EXPECTING.get() || !cfg!(panic = "unwind") {
        return future.await;
    }
    match contained(future).await {
        Ok(output) => output,
        Err(panicked) => panicked.go_on(),
    }
}

/// Calls a function that polls a driver's future. A panic is a result if a caller expects it.
#[cfg(all(unix, feature = "postgres"))]
pub(super) fn polled_if_expected<T>(poll: impl FnOnce() -> T) -> Result<T, Panicked> {
    if !EXPECTING.get() || !cfg!(panic = "unwind") {
        return Ok(poll());
    }
    panics::call_silently(poll).map_err(|_| Panicked)
}

/// Drops what is left after a panic. Its state may be inconsistent, so this may panic again.
#[cfg(all(unix, feature = "postgres"))]
pub(super) fn drop_silently(drop: impl FnOnce()) {
    let _ = panics::call_silently(drop);
}

#[cfg(all(test, feature = "_network"))]
mod tests {
    use diesel_async::async_connection_wrapper::BlockOn as _;

    use super::*;
    use crate::database::Background;

    #[expect(clippy::unused_async, reason = "it takes the place of a driver's")]
    async fn index(bytes: &[u8]) -> u8 {
        bytes[3]
    }

    #[test]
    fn a_panic_of_a_future_is_a_result() {
        assert_eq!(Background.block_on(contained(index(&[1, 2, 3, 4]))), Ok(4));
        assert_eq!(Background.block_on(contained(index(&[]))), Err(Panicked));
        assert_eq!(expecting(|| Background.block_on(index(&[1, 2, 3, 4]))), Ok(4));
        assert_eq!(expecting(|| Background.block_on(index(&[]))), Err(Panicked));
        assert_eq!(expecting(|| Background::here(|| Background.block_on(index(&[])))), Err(Panicked));
    }

    #[test]
    fn a_panic_of_others_goes_on() {
        let ours = catch_unwind(|| expecting(|| panic!("a project's own")));
        let payload = ours.expect_err("a panic");
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"a project's own"));
        let unexpected = catch_unwind(|| Background.block_on(index(&[])));
        assert!(unexpected.is_err_and(|payload| !payload.is::<Panicked>()));
    }
}
