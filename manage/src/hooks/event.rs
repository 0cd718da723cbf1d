//! The event that a hook receives.

use std::any::TypeId;
use std::time::{Duration, SystemTime};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use crate::cancellation::Cancelled;
use crate::error::Exit;
use crate::settings::Secret;

/// The start or the end of a command.
pub struct Event<'a> {
    pub(super) command: &'a str,
    pub(super) app: &'a str,
    pub(super) started: SystemTime,
    pub(super) parser: &'a clap::Command,
    pub(super) matches: &'a ArgMatches,
    pub(super) stage: Stage<'a>,
}

/// The stage at which a hook is called.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Stage<'a> {
    /// The arguments have been parsed; the checks and then the command follow.
    Before,
    /// The command, or the checks before it, ended.
    After(&'a Ended<'a>),
}

/// How a command ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// How long it took, including the checks.
    pub duration: Duration,
    /// The program's exit code: 101 after a panic.
    pub exit: Exit,
    /// The error that it returned. Its text is the printed one, without passwords of the settings.
    pub error: Option<&'a anyhow::Error>,
}

impl Ended<'_> {
    /// Returns the signal that cancelled it, if it returned that error: `cx.check_cancelled()?`.
    pub fn cancelled(&self) -> Option<Cancelled> {
        self.error?.chain().find_map(|cause| cause.downcast_ref::<Cancelled>()).copied()
    }
}

impl<'a> Event<'a> {
    /// Returns the command's name, even if an alias was typed.
    pub fn command(&self) -> &'a str {
        self.command
    }

    /// Returns its app; `manage` for built-in commands.
    pub fn app(&self) -> &'a str {
        self.app
    }

    /// Returns the start time.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Returns the stage: before the command, or after it.
    pub fn stage(&self) -> Stage<'a> {
        self.stage
    }

    /// Returns the names of the given arguments. It omits their values, which may be secrets. A subcommand
    /// counts as an argument, followed by its own arguments, such as `remove.id`.
    pub fn arguments(&self) -> Vec<String> {
        let mut names = Vec::new();
        given(self.parser, self.matches, "", &mut names);
        names
    }

    /// Returns the values of an argument by its name in [`Event::arguments`], as typed, or its default. Use
    /// it only for arguments that are not secrets. `None` if there are no values, or if the argument's type
    /// is [`Secret`].
    pub fn values(&self, name: &str) -> Option<Vec<String>> {
        let (mut parser, mut matches, mut name) = (self.parser, self.matches, name);
        while let Some((group, rest)) = name.split_once('.') {
            let (chosen, inside) = matches.subcommand()?;
            if chosen != group {
                return None;
            }
            (parser, matches, name) = (parser.find_subcommand(group)?, inside, rest);
        }
        let argument = arguments(parser).find(|argument| argument.get_id() == name)?;
        if argument.get_value_parser().type_id() == TypeId::of::<Secret>() {
            return None;
        }
        let values = matches.try_get_raw(name).ok()??;
        Some(values.map(|value| value.to_string_lossy().into_owned()).collect())
    }
}

/// Returns the command's own arguments. Arguments cannot have the ids of common options.
fn arguments(parser: &clap::Command) -> impl Iterator<Item = &Arg> {
    parser.get_arguments().filter(|argument| !argument.get_id().as_str().contains("::"))
}

fn given(parser: &clap::Command, matches: &ArgMatches, before: &str, names: &mut Vec<String>) {
    let typed = |argument: &&Arg| {
        // An unset flag has its default value.
        matches!(
            matches.value_source(argument.get_id().as_str()),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        )
    };
    names.extend(arguments(parser).filter(typed).map(|argument| format!("{before}{}", argument.get_id())));
    if let Some((chosen, inside)) = matches.subcommand() {
        names.push(format!("{before}{chosen}"));
        if let Some(parser) = parser.find_subcommand(chosen) {
            given(parser, inside, &format!("{before}{chosen}."), names);
        }
    }
}
