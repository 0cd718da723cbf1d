//! Panics of other people's functions that must not take the program down.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

/// What a function that panicked said.
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The place in the source; known where the program's own hook saw the panic.
    pub(crate) place: Option<String>,
}

thread_local! {
    /// The place of the last panic, while one would be caught.
    static CATCHING: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Calls a function and catches its panic. Where the program is built to abort on a panic, it does.
pub(crate) fn call<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = CATCHING.replace(Some(None));
    let result = catch_unwind(AssertUnwindSafe(function));
    let place = CATCHING.replace(before).flatten();
    result.map_err(|payload| Panic { message: message(payload.as_ref()).trim_end().to_owned(), place })
}

/// For the program's panic hook: whether the panic is going to be caught, so that it need not be printed.
pub(crate) fn takes(info: &PanicHookInfo<'_>) -> bool {
    cfg!(panic = "unwind")
        && CATCHING.with_borrow_mut(|catching| match catching {
            Some(place) => {
                *place = info.location().map(ToString::to_string);
                true
            }
            None => false,
        })
}

/// The text that a panic was given.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
