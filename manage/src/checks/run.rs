//! Which checks run, and when.

use crate::command::Location;
use crate::console::Role;
use crate::{CommandError, Context, Result};

use super::{Message, commands, databases, report, settings};

/// A check: it looks, and opens no database.
pub type Check = fn(&Context) -> Vec<Message>;

/// What `#[manage::check]` leaves behind.
pub struct CheckRegistration {
    check: Check,
    location: Location,
}

impl CheckRegistration {
    #[doc(hidden)]
    pub const fn new(check: Check, module_path: &'static str, file: &'static str, line: u32) -> Self {
        Self { check, location: Location::new(module_path, file, line) }
    }
}

inventory::collect!(CheckRegistration);

/// What the checks found, and how much of it the project does not want to hear.
pub(crate) struct Results {
    pub(crate) messages: Vec<Message>,
    pub(crate) silenced: usize,
}

impl Results {
    fn of(cx: &Context, messages: Vec<Message>) -> Self {
        let silenced =
            cx.try_settings().map(|settings| settings.silenced_checks.as_slice()).unwrap_or_default();
        let (silent, messages): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| silenced.iter().any(|id| id == message.id));
        Self { messages, silenced: silent.len() }
    }

    /// Whether something keeps commands from running.
    pub(crate) fn is_serious(&self) -> bool {
        self.messages.iter().any(|message| message.level.is_serious())
    }
}

/// The checks of the apps of this program, in the order of their places.
fn of_apps(cx: &Context) -> Vec<Message> {
    let apps = cx.program().registry().apps();
    let mut checks: Vec<&CheckRegistration> = inventory::iter::<CheckRegistration>
        .into_iter()
        .filter(|registration| apps.contains(&registration.location.app()))
        .collect();
    checks.sort_by_key(|registration| (registration.location.file, registration.location.line));
    checks.into_iter().flat_map(|registration| (registration.check)(cx)).collect()
}

/// All checks, and those of the databases that are named.
pub(crate) fn everything(cx: &Context, aliases: &[String]) -> Results {
    let mut messages = settings::check(cx);
    messages.extend(commands::check(cx));
    messages.extend(of_apps(cx));
    messages.extend(aliases.iter().flat_map(|alias| databases::check(cx, alias)));
    Results::of(cx, messages)
}

/// The checks before a command runs. What two commands of one name would do is told when one of them is called.
pub(crate) fn require(cx: &Context) -> Result<()> {
    let mut messages = settings::check(cx);
    messages.extend(of_apps(cx));
    let results = Results::of(cx, messages);
    if results.messages.is_empty() {
        return Ok(());
    }
    if results.is_serious() {
        let text = report::groups(&results, cx.err());
        return Err(CommandError::new(format!("System check identified some issues:\n\n{text}")).into());
    }
    cx.err().line(cx.err().style(Role::Warning, "System check identified some issues:\n"))?;
    Ok(cx.err().line(report::groups(&results, cx.err()))?)
}
