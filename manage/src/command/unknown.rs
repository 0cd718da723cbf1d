//! There is no command of a name.

use std::fmt;

use super::closest;
use crate::Program;

/// There is no command, or no subcommand, of this name. Its text is Django's two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCommand {
    name: String,
    /// The command line that leads on.
    usage: String,
    meant: Option<String>,
    /// What there is instead; another sentence.
    instead: String,
}

impl UnknownCommand {
    pub(crate) fn new(program: &Program, name: &str) -> Self {
        let all = program.registry().all();
        let shown = all.iter().filter(|found| !found.command().properties().hidden);
        let meant = closest(name, shown.map(|found| found.command().name())).map(str::to_owned);
        let usage = format!("{} help", program.name());
        Self { name: name.to_owned(), usage, meant, instead: String::new() }
    }

    /// The name of a subcommand that its command does not have.
    pub(crate) fn inside(
        program: &Program,
        command: &str,
        word: &str,
        meant: Option<String>,
        has_others: bool,
    ) -> Self {
        let instead = if has_others { String::new() } else { format!(" '{command}' has no subcommands.") };
        // The help that leads on is that of the command.
        Self {
            name: format!("{command} {word}"),
            usage: format!("{} help {command}", program.name()),
            meant,
            instead,
        }
    }

    /// The name that was asked for; that of a subcommand stands behind its command's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that was probably meant.
    pub fn meant(&self) -> Option<&str> {
        self.meant.as_deref()
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown command: '{}'.", self.name)?;
        if let Some(meant) = &self.meant {
            write!(f, " Did you mean {meant}?")?;
        }
        write!(f, "{}\nType '{}' for usage.", self.instead, self.usage)
    }
}

impl std::error::Error for UnknownCommand {}
