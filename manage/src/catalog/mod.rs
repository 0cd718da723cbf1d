//! A description of all commands for programs, independent of printing and files.
//!
//! [`Catalog::of`] describes a whole program. It builds the parser of every command; no settings are read and
//! nothing is opened. `manage help --format json` prints it as JSON, in the format of [the reference].
//!
//! [the reference]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/reference/help-json.md
//!
//! ```
//! use manage::catalog::Catalog;
//!
//! let catalog = Catalog::of(&manage::Program::new(&[]));
//! let migrate = catalog.commands.iter().find(|entry| entry.command.name == "migrate").expect("a built-in");
//! assert_eq!((&*migrate.app, &*migrate.requires_checks), ("manage", "all"));
//! ```

mod argument;
mod describe;

use serde::Serialize;

pub use argument::{Argument, CommandOption, PossibleValue};
pub use describe::Description;

use crate::command;
use crate::command::{Common, Program, RegisteredCommand, RequiredChecks};
use crate::error::Result;

/// The version of the description's format. New keys may be added without a new version; removing a key or
/// changing its meaning is a new version.
pub const SCHEMA: u32 = 1;

/// The commands of a program.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Catalog {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The name that starts the program.
    pub program: String,
    /// The version of this package.
    pub version: String,
    /// The version of the project, where it is known.
    pub project_version: Option<String>,
    /// The labels of the apps, in their order of precedence; the built-in commands belong to `manage`.
    pub apps: Vec<String>,
    /// The options that every command takes, before and after its name, unless it has one of the same name.
    pub common_options: Vec<CommandOption>,
    /// The commands that can run, including hidden ones: by app in order of precedence, the built-in ones
    /// last, and by name.
    pub commands: Vec<CatalogEntry>,
}

/// A command, and the app that it belongs to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CatalogEntry {
    /// The label of the app.
    pub app: String,
    /// The system checks that must pass before it runs: `all` that need no database, or `none`.
    pub requires_checks: String,
    /// The names of the common options that it does not have.
    pub without: Vec<String>,
    /// The command.
    #[serde(flatten)]
    pub command: Description,
}

impl Catalog {
    /// Returns every command of a program.
    pub fn of(program: &Program) -> Self {
        Self::new(program, program.registry().all())
    }

    /// Returns one command of a program, by its name or alias. An unknown name is an
    /// [`UnknownCommand`](crate::command::UnknownCommand).
    pub fn of_command(program: &Program, name: &str) -> Result<Self> {
        Ok(Self::new(program, vec![command::find(program, name)?]))
    }

    /// The same, with only the subcommand that the words lead to.
    pub(crate) fn narrowed(mut self, path: &[String]) -> Self {
        let Some(entry) = self.commands.first_mut() else { return self };
        let mut command = &mut entry.command;
        for word in path {
            command.subcommands.retain(|inner| inner.name == *word || inner.aliases.contains(word));
            let Some(inner) = command.subcommands.first_mut() else { break };
            command = inner;
        }
        self
    }

    fn new(program: &Program, mut commands: Vec<RegisteredCommand>) -> Self {
        let apps = program.registry().apps();
        // The built-in ones come last, as in the listing.
        let place = |app: &str| apps.iter().position(|known| *known == app).unwrap_or(apps.len());
        commands.sort_by(|a, b| (place(a.app), a.command().name()).cmp(&(place(b.app), b.command().name())));
        let mut before = command::parser_before(program, WIDTH);
        before.build();
        Self {
            schema: SCHEMA,
            program: program.name().to_owned(),
            version: crate::command::VERSION.to_owned(),
            project_version: Some(program.project_version().to_owned()).filter(|version| !version.is_empty()),
            apps: apps.iter().map(|app| (*app).to_owned()).collect(),
            common_options: before.get_arguments().map(CommandOption::of).collect(),
            commands: commands.iter().map(|found| CatalogEntry::of(program, found)).collect(),
        }
    }
}

/// Descriptions are not wrapped.
const WIDTH: usize = 100;

impl CatalogEntry {
    fn of(program: &Program, found: &RegisteredCommand) -> Self {
        let mut parser = command::parser(program, found, WIDTH);
        parser.build();
        let properties = found.command().properties();
        let mut command = Description::of(&mut parser, |argument| !Common::has(argument));
        command.aliases = properties.aliases.iter().map(|alias| (*alias).to_owned()).collect();
        command.hidden = properties.hidden;
        let without = properties.without.iter().map(|option| option.name().to_owned()).collect();
        let requires_checks = match properties.requires_checks {
            RequiredChecks::All => "all".to_owned(),
            RequiredChecks::None => "none".to_owned(),
            RequiredChecks::Tagged(tags) => tags.join(","),
        };
        Self { app: found.app.to_owned(), requires_checks, without, command }
    }
}
