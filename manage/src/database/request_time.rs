//! The time limit of the request for which a thread works, for the statements of its handler.

use std::cell::Cell;
use std::time::Instant;

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Sets the deadline back, also after a panic.
#[cfg(feature = "runserver")]
struct Before(Option<Instant>);

#[cfg(feature = "runserver")]
impl Drop for Before {
    fn drop(&mut self) {
        DEADLINE.set(self.0);
    }
}

/// Calls a function. The closures that it passes to [`Pool::run`](super::Pool::run) get connections whose
/// statements fail at the deadline.
#[cfg(feature = "runserver")]
pub(crate) fn until<T>(deadline: Option<Instant>, work: impl FnOnce() -> T) -> T {
    let _before = Before(DEADLINE.replace(deadline));
    work()
}

/// Returns the deadline of the request for which this thread works.
pub(super) fn deadline() -> Option<Instant> {
    DEADLINE.get()
}

#[cfg(all(test, feature = "runserver"))]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_holds_until_the_function_ends_or_panics() {
        let soon = Some(Instant::now());
        until(soon, || {
            assert_eq!(deadline(), soon);
            let panicked = std::panic::catch_unwind(|| until(None, || assert!(deadline().is_some())));
            assert!(panicked.is_err() && deadline() == soon);
        });
        assert_eq!(deadline(), None);
    }
}
