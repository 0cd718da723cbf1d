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

/// How a thread catches panics, and the last one. It is small, since servers set it for each request.
#[derive(Default)]
struct Catching {
    /// Whether to print nothing, even if backtraces are on.
    is_silent: bool,
    noted: Option<Box<Noted>>,
}

/// The details of a panic that the program's own hook records.
#[derive(Default)]
struct Noted {
    place: Option<String>,
    backtrace: Option<Backtrace>,
}

thread_local! {
    /// Set while this thread catches panics.
    static CATCHING: RefCell<Option<Catching>> = const { RefCell::new(None) };
}

/// Calls a function and catches its panic. With `panic = "abort"` the program aborts.
pub(crate) fn call<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    call_catching(Catching::default(), function)
}

/// Like [`call`], but prints nothing: for the panics of a driver.
pub(crate) fn call_silently<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    call_catching(Catching { is_silent: true, noted: None }, function)
}

fn call_catching<T>(catching: Catching, function: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = CATCHING.replace(Some(catching));
    let result = catch_unwind(AssertUnwindSafe(function));
    let catching = CATCHING.replace(before);
    result.map_err(|payload| match payload.downcast::<Panic>() {
        Ok(panic) => *panic,
        Err(payload) => {
            let Noted { place, backtrace } =
                catching.and_then(|catching| catching.noted).map(|noted| *noted).unwrap_or_default();
            Panic { message: message(payload.as_ref()).trim_end().to_owned(), place, backtrace }
        }
    })
}

/// Silences the panic hook for all panics of this thread. The panics of its tasks do not end the program.
pub(crate) fn silence() {
    CATCHING.set(Some(Catching { is_silent: true, noted: None }));
}

/// Returns whether a panic of this thread is caught silently. For the program's panic hook.
pub(crate) fn is_silent() -> bool {
    cfg!(panic = "unwind")
        && CATCHING.with_borrow(|catching| catching.as_ref().is_some_and(|catching| catching.is_silent))
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
            Some(catching) => {
                catching.noted = Some(Box::new(Noted {
                    place: info.location().map(ToString::to_string),
                    backtrace: with_trace.then(Backtrace::force_capture),
                }));
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
