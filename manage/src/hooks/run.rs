//! Which hooks there are, and calling them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Instant, SystemTime};

use clap::ArgMatches;

use super::{Ended, Event, Stage};
use crate::caught::Panic;
use crate::command::{Found, Location};
use crate::console::printable_lines;
use crate::{Context, Exit, Program, Result, caught};

/// A hook: it is told of every command before it runs and after it has ended. What it returns before is kept until then. Its
/// error is reported as a warning.
pub type Hook = fn(&Context, &Event<'_>) -> Result<Kept>;

/// What a hook keeps while a command runs: nothing, or a guard of any type.
pub type Kept = Box<dyn Any>;

/// Makes a hook of a function that returns something of its own.
#[doc(hidden)]
pub fn kept<T: 'static>(result: Result<T>) -> Result<Kept> {
    result.map(|value| Box::new(value) as Kept)
}

/// What `#[manage::hook]` leaves behind.
pub struct HookRegistration {
    hook: Hook,
    location: Location,
}

impl HookRegistration {
    #[doc(hidden)]
    pub const fn new(hook: Hook, module_path: &'static str, file: &'static str, line: u32) -> Self {
        Self { hook, location: Location::new(module_path, file, line) }
    }
}

inventory::collect!(HookRegistration);

/// A command that hooks are told of.
pub(crate) struct Watched<'a> {
    pub(crate) found: &'a Found,
    pub(crate) parser: &'a clap::Command,
    pub(crate) matches: &'a ArgMatches,
}

/// The hooks of a program, in the order of its apps, and of their places inside an app.
pub(crate) struct Hooks(Vec<&'static HookRegistration>);

impl Hooks {
    pub(crate) fn of(program: &Program) -> Self {
        let apps = program.registry().apps();
        let rank = |hook: &HookRegistration| apps.iter().position(|app| *app == hook.location.app());
        let mut hooks: Vec<(usize, &HookRegistration)> = inventory::iter::<HookRegistration>
            .into_iter()
            .filter_map(|hook| Some((rank(hook)?, hook)))
            .collect();
        hooks.sort_by_key(|(rank, hook)| (*rank, hook.location.file, hook.location.line));
        Self(hooks.into_iter().map(|(_, hook)| hook).collect())
    }

    /// Does some work, which returns the exit code, and tells the hooks before and after it. Those that hear of the start
    /// first hear of the end last, so that what they open nests.
    pub(crate) fn around(
        &self,
        cx: &mut Context,
        watched: &Watched<'_>,
        exit_code: fn(&anyhow::Error) -> Exit,
        work: impl FnOnce(&mut Context) -> Result<Exit>,
    ) -> Result<Exit> {
        if self.0.is_empty() {
            return work(cx);
        }
        let (started, clock) = (SystemTime::now(), Instant::now());
        let event = |stage| Event {
            command: watched.found.command().name(),
            app: watched.found.app,
            started,
            parser: watched.parser,
            matches: watched.matches,
            stage,
        };
        let mut kept: Vec<Option<Kept>> =
            self.0.iter().map(|hook| tell(cx, hook, &event(Stage::Before))).collect();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(cx)));
        let (exit, error) = match &outcome {
            Ok(Ok(exit)) => (*exit, None),
            Ok(Err(error)) => (exit_code(error), Some(error)),
            // What Rust ends a program with that panicked.
            Err(_) => (Exit(101), None),
        };
        let ended = Ended { duration: clock.elapsed(), exit, error };
        for hook in self.0.iter().rev() {
            tell(cx, hook, &event(Stage::After(&ended)));
            // Each guard before those that it is nested in.
            let guard = kept.pop();
            if let Err(panic) = caught::call(|| drop(guard)) {
                warn(cx, hook, &panicked(&panic));
            }
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// A hook that fails is no reason for a command to fail; nor is a reader of the warning that has gone.
fn tell(cx: &Context, hook: &HookRegistration, event: &Event<'_>) -> Option<Kept> {
    match caught::call(|| (hook.hook)(cx, event)) {
        Ok(Ok(kept)) => return Some(kept),
        Ok(Err(error)) => warn(cx, hook, &format!("failed: {error:#}")),
        Err(panic) => warn(cx, hook, &panicked(&panic)),
    }
    None
}

/// With its backtrace where `--traceback` asks for one.
fn panicked(panic: &Panic) -> String {
    let trace = panic.backtrace.as_ref().map(|trace| format!("\n{trace}")).unwrap_or_default();
    format!("panicked: {}{trace}", panic.message)
}

fn warn(cx: &Context, hook: &HookRegistration, how: &str) {
    let how = printable_lines(how);
    let _ = cx.warning(format_args!("Warning: The hook at {} {how}", hook.location));
}
