//! The setup of a connection, whose statements no profile counts.

use std::cell::Cell;

thread_local! {
    static CONNECTING: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread is setting up a new connection: the statements that it sends meanwhile are not
/// the program's.
pub(crate) fn is_connecting() -> bool {
    CONNECTING.get()
}

/// Sets up a new connection without counting its statements as the program's work.
pub(crate) fn setting_up<T>(work: impl FnOnce() -> T) -> T {
    CONNECTING.set(true);
    let done = work();
    CONNECTING.set(false);
    done
}
