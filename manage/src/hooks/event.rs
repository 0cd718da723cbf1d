//! What a hook is told.

use std::any::TypeId;
use std::time::{Duration, SystemTime};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use crate::settings::Secret;
use crate::{Cancelled, Exit};

/// A command that is about to run, or has ended.
pub struct Event<'a> {
    pub(super) command: &'a str,
    pub(super) app: &'a str,
    pub(super) started: SystemTime,
    pub(super) parser: &'a clap::Command,
    pub(super) matches: &'a ArgMatches,
    pub(super) stage: Stage<'a>,
}

/// When a hook is called.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Stage<'a> {
    /// The arguments are read; the checks come next, and then the command.
    Before,
    /// The command, or the checks before it, came to an end.
    After(&'a Ended<'a>),
}

/// How a command ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// How long it took, with the checks before it.
    pub duration: Duration,
    /// The program's exit code: 101 after a panic.
    pub exit: Exit,
    /// The error that it returned. Its text is what a person is shown, so that it holds no password of the settings.
    pub error: Option<&'a anyhow::Error>,
}

impl Ended<'_> {
    /// The signal that stopped it, where it returned the error of one: `cx.check_cancelled()?`.
    pub fn cancelled(&self) -> Option<Cancelled> {
        self.error?.chain().find_map(|cause| cause.downcast_ref::<Cancelled>()).copied()
    }
}

impl<'a> Event<'a> {
    /// The command's name, also where an alias was typed.
    pub fn command(&self) -> &'a str {
        self.command
    }

    /// The app that it belongs to; `manage` for the built-in ones.
    pub fn app(&self) -> &'a str {
        self.app
    }

    /// When it started.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Whether it is about to run or has ended.
    pub fn stage(&self) -> Stage<'a> {
        self.stage
    }

    /// The names of the arguments that were given, without their values: these may be secrets. A subcommand counts as an
    /// argument, and its own arguments follow it, as `remove.id`.
    pub fn arguments(&self) -> Vec<String> {
        let mut names = Vec::new();
        given(self.parser, self.matches, "", &mut names);
        names
    }

    /// The values of an argument by its name of [`Event::arguments`], as they were typed, or its default. Ask for those that
    /// you know to be no secrets. None if there are none, or if the argument's type is
    /// [`Secret`].
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

/// The command's own: those of the common options have a name that no argument can have.
fn arguments(parser: &clap::Command) -> impl Iterator<Item = &Arg> {
    parser.get_arguments().filter(|argument| !argument.get_id().as_str().contains("::"))
}

fn given(parser: &clap::Command, matches: &ArgMatches, before: &str, names: &mut Vec<String>) {
    let typed = |argument: &&Arg| {
        // What a flag is when nobody sets it comes from its default.
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
