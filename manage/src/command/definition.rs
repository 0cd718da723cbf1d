//! The trait that every command is, and the form that `#[manage::command]` gives it.

use clap::ArgMatches;

use super::Exit;
use crate::{Context, Result};

/// A management command.
///
/// `#[manage::command]` on a function is the usual way to write one. Implement this by hand for a command that is
/// made at run time, and hand it to [`Program::with_command`](crate::Program::with_command).
pub trait Command: Send + Sync {
    /// What a person types: the name of the command's file.
    fn name(&self) -> &str;

    /// One line for the listing, imperative and without a full stop. May be empty.
    fn about(&self) -> &str {
        ""
    }

    /// The whole help text, where it is longer than one line.
    fn long_about(&self) -> Option<&str> {
        None
    }

    /// Adds the command's own arguments to its parser. It is called only when this command is the one to run.
    fn arguments(&self, parser: clap::Command) -> clap::Command {
        parser
    }

    /// Does the work.
    fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit>;

    /// What the framework should know of it.
    fn properties(&self) -> Properties {
        Properties::default()
    }
}

/// What a command says of itself in the attribute's parentheses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Left out of the listing; it runs all the same.
    pub hidden: bool,
    /// Further names.
    pub aliases: &'static [&'static str],
    /// The system checks that must pass before it runs.
    pub requires_checks: RequiredChecks,
    /// Whether migrations of the database `default` that are not applied are told before it runs.
    pub requires_migrations_checks: bool,
    /// Only one run at a time, on all machines that share the database `default`.
    pub isolated: bool,
    /// Whether required arguments that are missing are asked for, where somebody is there.
    pub prompts_for_missing: bool,
}

/// The system checks that must pass before a command runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequiredChecks {
    /// All that need no database.
    #[default]
    All,
    /// None: the command works with settings that are broken.
    None,
    /// Those that have one of these tags, of all that need no database.
    Tagged(&'static [&'static str]),
}

/// A command made of a function, as the attribute writes it.
#[doc(hidden)]
pub struct FunctionCommand {
    pub name: &'static str,
    pub about: &'static str,
    pub long_about: Option<&'static str>,
    pub arguments: fn(clap::Command) -> clap::Command,
    pub run: fn(&mut Context, &ArgMatches) -> Result<Exit>,
    pub properties: Properties,
}

impl Command for FunctionCommand {
    fn name(&self) -> &str {
        self.name
    }

    fn about(&self) -> &str {
        self.about
    }

    fn long_about(&self) -> Option<&str> {
        self.long_about
    }

    fn arguments(&self, parser: clap::Command) -> clap::Command {
        (self.arguments)(parser)
    }

    fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit> {
        (self.run)(cx, matches)
    }

    fn properties(&self) -> Properties {
        self.properties
    }
}
