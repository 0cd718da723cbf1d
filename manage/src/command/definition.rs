//! The trait of every command, and the type that `#[manage::command]` implements it for.

use clap::ArgMatches;

use super::{CommonOption, Context};
use crate::error::{Exit, Result};

/// A management command.
///
/// `#[manage::command]` on a function is the usual way to write one. Implement this trait for a command that
/// is created at run time, and pass it to [`Program::with_command`](crate::Program::with_command).
pub trait Command: Send + Sync {
    /// Returns the name that the user types, which is that of the command's file.
    fn name(&self) -> &str;

    /// Returns one line for the listing, imperative and without a full stop. May be empty.
    fn about(&self) -> &str {
        ""
    }

    /// Returns the whole help text, if it is longer than one line.
    fn long_about(&self) -> Option<&str> {
        None
    }

    /// Adds the command's own arguments to its parser. Called only for the command that runs.
    fn arguments(&self, parser: clap::Command) -> clap::Command {
        parser
    }

    /// Runs the command. [`Exit::of`] says which exit code an error has.
    fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit>;

    /// Returns the command's properties.
    fn properties(&self) -> Properties {
        Properties::default()
    }
}

/// The options of `#[command(…)]`, for the trait [`Command`]:
///
/// ```
/// use manage::command::{Properties, RequiredChecks};
///
/// let mut properties = Properties::new();
/// properties.isolated = true;
/// properties.requires_checks = RequiredChecks::Tagged(&["database"]);
/// assert!(properties.aliases.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Properties {
    /// Whether the listing omits it. It still runs.
    pub hidden: bool,
    /// Aliases.
    pub aliases: &'static [&'static str],
    /// The system checks that must pass before it runs.
    pub requires_checks: RequiredChecks,
    /// Whether to report unapplied migrations of the database `default` before it runs.
    pub requires_migrations_checks: bool,
    /// Only one instance at a time, on all machines that share the database `default`.
    pub isolated: bool,
    /// Whether to prompt for missing required arguments, if there is a user at a terminal.
    pub prompts_for_missing: bool,
    /// The common options that the command does not have. They are unknown to it, and what they set has its
    /// default.
    pub without: &'static [CommonOption],
}

impl Properties {
    /// Creates the properties with each option's default. Unlike `Default` it can be used in a `static`.
    pub const fn new() -> Self {
        Self {
            hidden: false,
            aliases: &[],
            requires_checks: RequiredChecks::All,
            requires_migrations_checks: false,
            isolated: false,
            prompts_for_missing: false,
            without: &[],
        }
    }
}

/// The system checks that must pass before a command runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequiredChecks {
    /// All that need no database.
    #[default]
    All,
    /// None: the command works with broken settings.
    None,
    /// Of all that need no database, those with one of these tags.
    Tagged(&'static [&'static str]),
}

/// A command made from a function by the attribute.
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
