//! Panics of other people's functions that must not take the program down.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

/// What a function that panicked said. As the payload of a panic it goes on to another thread with all that is known.
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The place in the source; known where the program's own hook saw the panic.
    pub(crate) place: Option<String>,
    /// How it came about, where that was asked for.
    pub(crate) backtrace: Option<Backtrace>,
}

/// What the program's own hook notes of a panic.
#[derive(Default)]
struct Noted {
    place: Option<String>,
    backtrace: Option<Backtrace>,
}

thread_local! {
    /// What is known of the last panic, while one would be caught.
    static CATCHING: RefCell<Option<Noted>> = const { RefCell::new(None) };
}

/// Calls a function and catches its panic. Where the program is built to abort on a panic, it does.
pub(crate) fn call<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = CATCHING.replace(Some(Noted::default()));
    let result = catch_unwind(AssertUnwindSafe(function));
    let noted = CATCHING.replace(before).unwrap_or_default();
    result.map_err(|payload| match payload.downcast::<Panic>() {
        Ok(panic) => *panic,
        Err(payload) => Panic {
            message: message(payload.as_ref()).trim_end().to_owned(),
            place: noted.place,
            backtrace: noted.backtrace,
        },
    })
}

/// Whether a panic of this thread would be caught.
#[cfg(feature = "async")]
pub(crate) fn is_catching() -> bool {
    CATCHING.with_borrow(Option::is_some)
}

/// For the program's panic hook: whether the panic is going to be caught, so that it need not be printed. `with_trace`: its
/// catcher is to know how it came about.
pub(crate) fn takes(info: &PanicHookInfo<'_>, with_trace: bool) -> bool {
    cfg!(panic = "unwind")
        && CATCHING.with_borrow_mut(|catching| match catching {
            Some(noted) => {
                noted.place = info.location().map(ToString::to_string);
                noted.backtrace = with_trace.then(Backtrace::force_capture);
                true
            }
            None => false,
        })
}

/// The text that a panic was given.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(panic) = payload.downcast_ref::<Panic>() {
        return &panic.message;
    }
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
