//! The current completion request. clap's engine requests values without a context, so it is stored
//! meanwhile.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use clap::ArgMatches;

use super::log;
use crate::command::Context;
use crate::error::Result;
use crate::settings::Environment;

/// An unfinished command line.
pub(super) struct Request {
    pub(super) cx: Context,
    pub(super) environment: Environment,
    /// The command's name, or empty.
    pub(super) command: String,
    /// The arguments typed so far, as far as they can be parsed.
    pub(super) matches: Option<ArgMatches>,
    /// Whether a word follows `--`.
    pub(super) is_behind_escape: bool,
}

/// The command on the line, for the thread that aborts the request after the time limit.
pub(super) static COMMAND: Mutex<String> = Mutex::new(String::new());

thread_local! {
    static CURRENT: RefCell<Option<Rc<Request>>> = const { RefCell::new(None) };
    /// The location of this thread's last panic.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

impl Request {
    /// Makes this the current request while `work` runs.
    pub(super) fn during<T>(self, work: impl FnOnce() -> T) -> T {
        *COMMAND.lock().unwrap_or_else(PoisonError::into_inner) = self.command.clone();
        CURRENT.set(Some(Rc::new(self)));
        let done = work();
        CURRENT.set(None);
        done
    }

    /// Calls a function that returns values. If it fails, the error is logged, and the result is empty.
    pub(super) fn ask<T>(values: impl FnOnce(&Self) -> Result<Vec<T>>) -> Vec<T> {
        let Some(request) = CURRENT.with_borrow(Clone::clone) else { return Vec::new() };
        guarded(&request.environment, &request.command, || values(&request))
    }

    /// Returns a value that the user has already typed.
    pub(super) fn typed(&self, id: &str) -> Option<&String> {
        self.matches.as_ref()?.try_get_one::<String>(id).ok().flatten()
    }

    pub(super) fn note(&self, error: &anyhow::Error) {
        log::note(&self.environment, &self.command, &format!("{error:#}"));
    }
}

/// Runs a function and logs its error or panic.
pub(super) fn guarded<T>(
    environment: &Environment,
    command: &str,
    work: impl FnOnce() -> Result<Vec<T>>,
) -> Vec<T> {
    let message = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(values)) => return values,
        Ok(Err(error)) => format!("{error:#}"),
        Err(payload) => {
            let place = PLACE.take().map(|place| format!(" at {place}")).unwrap_or_default();
            format!("a panic{place}: {}", panic_message(&*payload))
        }
    };
    log::note(environment, command, &message);
    Vec::new()
}

/// Prevents panics from being printed. With `panic = "abort"` they end the process silently.
#[expect(clippy::disallowed_methods, reason = "a panic hook has no caller to return to")]
pub(super) fn set_quiet_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        if cfg!(panic = "abort") {
            let message =
                format!("a panic at {}: {}", place.unwrap_or_default(), panic_message(info.payload()));
            log::note(&Environment::process(), "", &message);
            std::process::exit(0);
        }
        PLACE.set(place);
    }));
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
