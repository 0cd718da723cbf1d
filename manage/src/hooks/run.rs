//! Finds and calls hooks.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Instant, SystemTime};

use super::{Ended, Event, Stage};
use crate::command::{Context, Location, ParsedCommand, Program};
use crate::console::printable_lines;
use crate::error::{Exit, Result};
use crate::panics;
use crate::panics::Panic;

/// A hook, called before and after every command. The value that its first call returns is kept until the
/// end. An error is reported as a warning.
pub(crate) type Hook = fn(&Context, &Event<'_>) -> Result<HookGuard>;

/// The value that is kept for a hook while a command runs: nothing, or a guard of any type.
pub(crate) type HookGuard = Box<dyn Any>;

/// Converts the result of a hook function that returns a guard.
#[doc(hidden)]
pub fn hook_guard<T: 'static>(result: Result<T>) -> Result<HookGuard> {
    result.map(|value| Box::new(value) as HookGuard)
}

/// The registration of `#[manage::hook]`.
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

/// The hooks of a program, in the order of its apps, and by source location within an app.
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

    /// Runs a command, and calls the hooks before and after it. Afterwards they are called in reverse order,
    /// so that their guards nest.
    pub(crate) fn around(
        &self,
        cx: &mut Context,
        command: &ParsedCommand<'_>,
        work: impl FnOnce(&mut Context) -> Result<Exit>,
    ) -> Result<Exit> {
        if self.0.is_empty() {
            return work(cx);
        }
        let (started, clock) = (SystemTime::now(), Instant::now());
        let event = |stage| Event {
            command: command.found.command().name(),
            app: command.found.app,
            started,
            parser: command.parser,
            matches: command.matches,
            stage,
        };
        let mut kept: Vec<Option<HookGuard>> =
            self.0.iter().map(|hook| tell(cx, hook, &event(Stage::Before))).collect();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(cx)));
        let (exit, error) = match &outcome {
            Ok(Ok(exit)) => (*exit, None),
            Ok(Err(error)) => (Exit::of(error), Some(error)),
            // Rust's exit code of a program that panicked.
            Err(_) => (Exit(101), None),
        };
        let ended = Ended { duration: clock.elapsed(), exit, error };
        for hook in self.0.iter().rev() {
            tell(cx, hook, &event(Stage::After(&ended)));
            // Inner guards are dropped before outer ones.
            let guard = kept.pop();
            if let Err(panic) = panics::call(|| drop(guard)) {
                warn(cx, hook, &panicked(&panic));
            }
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Calls a hook. Neither its failure nor a broken pipe while printing the warning makes the command fail.
fn tell(cx: &Context, hook: &HookRegistration, event: &Event<'_>) -> Option<HookGuard> {
    match panics::call(|| (hook.hook)(cx, event)) {
        Ok(Ok(kept)) => return Some(kept),
        Ok(Err(error)) => warn(cx, hook, &format!("failed: {error:#}")),
        Err(panic) => warn(cx, hook, &panicked(&panic)),
    }
    None
}

/// Describes a panic, with its backtrace if `--traceback` is given.
fn panicked(panic: &Panic) -> String {
    let trace = panic.backtrace.as_ref().map(|trace| format!("\n{trace}")).unwrap_or_default();
    format!("panicked: {}{trace}", panic.message)
}

fn warn(cx: &Context, hook: &HookRegistration, how: &str) {
    let how = printable_lines(how);
    let _ = cx.warning(format_args!("Warning: The hook at {} {how}", hook.location));
}
