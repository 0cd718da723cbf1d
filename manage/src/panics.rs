//! Catches panics of a project's functions that must not end the program.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Arc;

/// The callback of a project for panics.
pub(crate) type OnPanic = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// A caught panic. As the payload of a new panic it carries all its details to another thread.
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The source location, if the program's own panic hook recorded it.
    pub(crate) place: Option<String>,
    /// The backtrace, if requested.
    pub(crate) backtrace: Option<Backtrace>,
}

/// The details of a panic that the program's own hook records.
#[derive(Default)]
struct Noted {
    /// Whether to print nothing, even if backtraces are on.
    is_silent: bool,
    place: Option<String>,
    backtrace: Option<Backtrace>,
}

thread_local! {
    /// The last panic, while this thread catches panics.
    static CATCHING: RefCell<Option<Noted>> = const { RefCell::new(None) };
}

/// Calls a function and catches its panic. With `panic = "abort"` the program aborts.
pub(crate) fn call<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    call_noting(Noted::default(), function)
}

/// Like [`call`], but prints nothing: for the panics of a driver.
pub(crate) fn call_silently<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    call_noting(Noted { is_silent: true, ..Noted::default() }, function)
}

fn call_noting<T>(noted: Noted, function: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = CATCHING.replace(Some(noted));
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

/// Silences the panic hook for all panics of this thread. The panics of its tasks do not end the program.
pub(crate) fn silence() {
    CATCHING.set(Some(Noted { is_silent: true, ..Noted::default() }));
}

/// Returns whether a panic of this thread is caught silently. For the program's panic hook.
pub(crate) fn is_silent() -> bool {
    cfg!(panic = "unwind")
        && CATCHING.with_borrow(|noted| noted.as_ref().is_some_and(|noted| noted.is_silent))
}

/// Returns whether a panic of this thread would be caught.
#[cfg(feature = "async")]
pub(crate) fn is_catching() -> bool {
    CATCHING.with_borrow(Option::is_some)
}

/// Returns whether the panic will be caught and need not be printed. For the program's panic hook.
/// `with_trace` records the backtrace for the catcher.
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

/// Returns the message of a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(panic) = payload.downcast_ref::<Panic>() {
        return &panic.message;
    }
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
