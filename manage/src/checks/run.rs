//! Runs checks and collects their messages.

use std::fmt;

use crate::command::{Context, RequiredChecks};
use crate::error::{CommandError, Exit};
use crate::panics;
use crate::panics::Panic;

use super::catalog::{BACKEND_NOT_COMPILED_IN, CHECK_PANICKED, ID_WITHOUT_FORM};
use super::registration::registered;
use super::registration::{Check, CheckRegistration};
use super::{Level, Message, Selection, databases};

/// The tag of the built-in check that inspects every command, which is too slow for each start-up. The
/// command lookup itself reports two commands with the same name.
const COMMANDS: &str = "commands";

/// The tag of the check that reads every migration. Commands that use migrations report invalid ones
/// themselves.
const MIGRATIONS: &str = "migrations";

/// The built-in check of databases.
const DATABASES: &str = "databases";

/// The messages of the checks, and the number of silenced ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Results {
    /// The messages to report, in the order in which they were created.
    pub messages: Vec<Message>,
    /// The number of messages that the settings silence.
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

    /// Returns whether any message has this level or a higher one.
    pub fn reach(&self, level: Level) -> bool {
        self.messages.iter().any(|message| message.level >= level)
    }
}

impl Results {
    /// Returns the first message about a setting that this program cannot use, as the error of a command.
    pub(crate) fn configuration_error(&self) -> Option<CommandError> {
        let unusable = |message: &&Message| message.id == BACKEND_NOT_COMPILED_IN.id;
        let message = self.messages.iter().find(unusable)?;
        let error = CommandError::new(message.text.clone()).exit_code(Exit::CONFIGURATION);
        Some(message.hint.iter().fold(error, |error, hint| error.hint(hint)))
    }
}

/// The error of a command that did not run because of failed checks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SystemCheckError {
    /// The messages.
    pub results: Results,
}

impl fmt::Display for SystemCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System check identified some issues:")?;
        self.results.messages.iter().try_for_each(|message| write!(f, "\n{message}"))
    }
}

impl std::error::Error for SystemCheckError {}

/// Runs the checks that are selected. Unknown names select nothing; [`Selection::validate`] finds them.
pub fn run(cx: &Context, selection: &Selection) -> Results {
    let Selection { apps, tags, deploy, databases, schemas } = selection;
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
            // Only the built-in check knows schemas.
            Check::Database(_) if check.name == DATABASES && is_built_in => {
                let in_schemas = |alias: &String| caught(check, || databases::in_schemas(cx, alias, schemas));
                databases.iter().flat_map(in_schemas).collect()
            }
            Check::Database(function) => {
                databases.iter().flat_map(|alias| caught(check, || function(cx, alias))).collect()
            }
        };
        // The object of messages about commands is an app.
        if check.name == COMMANDS && is_built_in && !apps.is_empty() {
            found.retain(|message| message.object.as_ref().is_some_and(|object| apps.contains(object)));
        }
        let formless = formless_ids(check, &found);
        messages.extend(found);
        messages.extend(formless);
    }
    Results::of(cx, messages)
}

/// Runs the checks that a command requires before it starts, except those that need a database.
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

/// Returns the messages of a check, or one about its panic.
fn caught(check: &CheckRegistration, call: impl FnOnce() -> Vec<Message>) -> Vec<Message> {
    panics::call(call).unwrap_or_else(|Panic { message, place, .. }| {
        let place = place.map(|place| format!(" (at {place})")).unwrap_or_default();
        let text = format!("The check '{}' panicked: {message}{place}", check.name);
        vec![
            CHECK_PANICKED
                .message(text)
                .about(check.location.to_string())
                .hint("This is a bug in the check: fix it, or silence manage.E009."),
        ]
    })
}

/// Returns a message for each invalid id that a check uses.
fn formless_ids(check: &CheckRegistration, found: &[Message]) -> Vec<Message> {
    let mut ids: Vec<&str> =
        found.iter().filter(|message| !message.has_good_id()).map(|message| message.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let reported = ids.into_iter().map(|id| {
        let text = format!("The check '{}' uses the malformed message id '{id}'.", check.name);
        let hint = format!(
            "Write the app's label, a dot, the first letter of the level (C, E, W, I or D) and three digits: {}.W001.",
            check.app()
        );
        ID_WITHOUT_FORM.message(text).about(check.location.to_string()).hint(hint)
    });
    reported.collect()
}
