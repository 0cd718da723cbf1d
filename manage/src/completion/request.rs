//! What is being completed. clap's engine asks for values without saying where, so it is kept aside for as long.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use clap::ArgMatches;

use super::log;
use crate::settings::Environment;
use crate::{Context, Result};

/// A command line that is not finished.
pub(super) struct Request {
    pub(super) cx: Context,
    pub(super) environment: Environment,
    /// The command that is named, or nothing.
    pub(super) command: String,
    /// What was typed of the command's arguments, as far as it can be read.
    pub(super) matches: Option<ArgMatches>,
    /// Whether a word stands behind `--`.
    pub(super) is_behind_escape: bool,
}

/// The command that is named on the line, for whoever gives the question up from another thread.
pub(super) static COMMAND: Mutex<String> = Mutex::new(String::new());

thread_local! {
    static CURRENT: RefCell<Option<Rc<Request>>> = const { RefCell::new(None) };
    /// Where the last panic of this thread was.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

impl Request {
    /// Makes this the one that is asked about while `work` is done.
    pub(super) fn during<T>(self, work: impl FnOnce() -> T) -> T {
        *COMMAND.lock().unwrap_or_else(PoisonError::into_inner) = self.command.clone();
        CURRENT.set(Some(Rc::new(self)));
        let done = work();
        CURRENT.set(None);
        done
    }

    /// Asks for values. What goes wrong is one line in the log, and no values.
    pub(super) fn ask<T>(values: impl FnOnce(&Self) -> Result<Vec<T>>) -> Vec<T> {
        let Some(request) = CURRENT.with_borrow(Clone::clone) else { return Vec::new() };
        guarded(&request.environment, &request.command, || values(&request))
    }

    /// A value that was typed already.
    pub(super) fn typed(&self, id: &str) -> Option<&String> {
        self.matches.as_ref()?.try_get_one::<String>(id).ok().flatten()
    }

    pub(super) fn note(&self, error: &anyhow::Error) {
        log::note(&self.environment, &self.command, &format!("{error:#}"));
    }
}

/// Runs what may fail or panic, and writes into the log that it did.
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

/// Keeps a panic from being printed. Where panics end the process, they end it in silence.
#[expect(clippy::disallowed_methods, reason = "a panic hook has nobody to return to")]
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
