//! Runs checks, and keeps what they found.

use std::fmt;

use crate::Context;
use crate::caught::{self, Panic};
use crate::command::RequiredChecks;

use super::catalog::{CHECK_PANICKED, ID_WITHOUT_FORM};
use super::registration::registered;
use super::{Check, CheckRegistration, Level, Message, Selection};

/// The built-in check that looks at every command, which would cost each start-up; and of two commands of one name the
/// look-up tells.
const COMMANDS: &str = "commands";

/// The one that reads every migration. What uses migrations fails by itself where they cannot be used.
const MIGRATIONS: &str = "migrations";

/// What the checks found, and how much of it the project does not want to hear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// What is to be told, in the order in which it was found.
    pub messages: Vec<Message>,
    /// How many messages the settings silence.
    pub silenced: usize,
}

impl Results {
    fn of(cx: &Context, messages: Vec<Message>) -> Self {
        let silenced =
            cx.try_settings().map(|settings| settings.silenced_checks.as_slice()).unwrap_or_default();
        let (silent, messages): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| silenced.iter().any(|id| id == message.id));
        Self { messages, silenced: silent.len() }
    }

    /// Whether a message is of this level or worse.
    pub fn reach(&self, level: Level) -> bool {
        self.messages.iter().any(|message| message.level >= level)
    }
}

/// The error of a command that did not run because of what the checks found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCheckError {
    /// What they found.
    pub results: Results,
}

impl fmt::Display for SystemCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System check identified some issues:")?;
        self.results.messages.iter().try_for_each(|message| write!(f, "\n{message}"))
    }
}

impl std::error::Error for SystemCheckError {}

/// Runs the checks that are selected. Names that nothing has select nothing; [`Selection::validate`] finds them.
pub fn run(cx: &Context, selection: &Selection) -> Results {
    let Selection { apps, tags, deploy, databases } = selection;
    let mut messages = Vec::new();
    for check in registered(cx) {
        let is_built_in = check.is_built_in();
        let selected = (!check.deploy || *deploy)
            && (tags.is_empty() || check.has_one_of(tags))
            && (apps.is_empty() || is_built_in || apps.iter().any(|app| app == check.app()));
        if !selected {
            continue;
        }
        let mut found = match check.check {
            Check::Project(function) => caught(check, || function(cx)),
            Check::Database(function) => {
                databases.iter().flat_map(|alias| caught(check, || function(cx, alias))).collect()
            }
        };
        // What is told of commands has an app for its object.
        if check.name == COMMANDS && is_built_in && !apps.is_empty() {
            found.retain(|message| message.object.as_ref().is_some_and(|object| apps.contains(object)));
        }
        let formless = formless_ids(check, &found);
        messages.extend(found);
        messages.extend(formless);
    }
    Results::of(cx, messages)
}

/// The checks before a command runs: of those that it requires, the ones that need no database.
pub(crate) fn require(cx: &Context, required: RequiredChecks) -> Results {
    let wanted = |check: &&CheckRegistration| match required {
        RequiredChecks::All => ![COMMANDS, MIGRATIONS].contains(&check.name) || !check.is_built_in(),
        RequiredChecks::None => false,
        RequiredChecks::Tagged(tags) => check.has_one_of(tags),
    };
    let mut messages = Vec::new();
    for check in registered(cx).filter(|check| !check.deploy).filter(wanted) {
        if let Check::Project(function) = check.check {
            messages.extend(caught(check, || function(cx)));
        }
    }
    Results::of(cx, messages)
}

/// What a check found; where it panicked, that.
fn caught(check: &CheckRegistration, call: impl FnOnce() -> Vec<Message>) -> Vec<Message> {
    caught::call(call).unwrap_or_else(|Panic { message, place, .. }| {
        let place = place.map(|place| format!(" (at {place})")).unwrap_or_default();
        let text = format!("The check '{}' panicked: {message}{place}", check.name);
        vec![
            CHECK_PANICKED
                .message(text)
                .about(check.location.to_string())
                .hint("This is a bug of the check: mend it, or silence manage.E009."),
        ]
    })
}

/// One message for each id of a check that has no form.
fn formless_ids(check: &CheckRegistration, found: &[Message]) -> Vec<Message> {
    let mut ids: Vec<&str> =
        found.iter().filter(|message| !message.has_good_id()).map(|message| message.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let told = ids.into_iter().map(|id| {
        let text = format!("The check '{}' gives a message the id '{id}', which has not the form of one.", check.name);
        let hint = format!(
            "Write the app's label, a dot, the first letter of the level (C, E, W, I or D) and three digits: {}.W001.",
            check.app()
        );
        ID_WITHOUT_FORM.message(text).about(check.location.to_string()).hint(hint)
    });
    told.collect()
}
