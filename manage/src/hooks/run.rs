//! Which hooks there are, and calling them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Instant, SystemTime};

use clap::ArgMatches;

use super::{Ended, Event, Stage};
use crate::command::{Found, Location};
use crate::{Context, Exit, Program, Result};

/// A hook: it is told of every command before it runs and after it has ended. Its error is reported as a warning.
pub type Hook = fn(&Context, &Event<'_>) -> Result<()>;

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
        self.0.iter().for_each(|hook| tell(cx, hook, &event(Stage::Before)));
        let outcome = catch_unwind(AssertUnwindSafe(|| work(cx)));
        let (exit, error) = match &outcome {
            Ok(Ok(exit)) => (*exit, None),
            Ok(Err(error)) => (exit_code(error), Some(error)),
            // What Rust ends a program with that panicked.
            Err(_) => (Exit(101), None),
        };
        let ended = Ended { duration: clock.elapsed(), exit, error };
        self.0.iter().rev().for_each(|hook| tell(cx, hook, &event(Stage::After(&ended))));
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// A hook that fails is no reason for a command to fail; nor is a reader of the warning that has gone.
fn tell(cx: &Context, hook: &HookRegistration, event: &Event<'_>) {
    if let Err(error) = (hook.hook)(cx, event) {
        let _ = cx.warning(format_args!("Warning: The hook at {} failed: {error:#}", hook.location));
    }
}
