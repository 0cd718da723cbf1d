//! The error of an unknown command name.

use std::fmt;

use super::{Program, elsewhere};
use crate::console::{echo, is_assignment};

/// The error of an unknown command or subcommand. Its text is Django's two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCommand {
    name: String,
    /// The name as it is shown: what was typed may be a URL.
    shown: String,
    /// The command line that helps further.
    usage: String,
    meant: Option<String>,
    /// What to use instead, as a sentence.
    instead: Option<String>,
}

impl UnknownCommand {
    pub(crate) fn new(program: &Program, name: &str) -> Self {
        let all = program.registry().all();
        let shown = all.iter().filter(|found| !found.command().properties().hidden);
        let shown = shown.map(|found| found.command().name());
        let (meant, known) = elsewhere::meant(program.registry(), program.name(), name, shown);
        let (meant, instead) = match known {
            // A misspelt name of another framework's command: the sentence is about that one.
            Some(known) if known.name != name => (Some(known.name), Some(known.sentence)),
            Some(known) => (None, Some(known.sentence)),
            None => (meant, None),
        };
        let variable = || format!("A variable is set before the program: `NAME=value {} …`.", program.name());
        let instead = instead.or_else(|| is_assignment(name).then(variable));
        let (meant, usage) = (meant.map(str::to_owned), format!("{} help", program.name()));
        Self { name: name.to_owned(), shown: echo(name).into_owned(), usage, meant, instead }
    }

    /// Creates the error of an unknown subcommand.
    pub(crate) fn inside(
        program: &Program,
        command: &str,
        word: &str,
        meant: Option<String>,
        has_others: bool,
    ) -> Self {
        let instead = (!has_others).then(|| format!("'{command}' has no subcommands."));
        // The help of the command is what helps further.
        Self {
            name: format!("{command} {word}"),
            shown: format!("{command} {}", echo(word)),
            usage: format!("{} help {command}", program.name()),
            meant,
            instead,
        }
    }

    /// Returns the unknown name; for a subcommand, after its command's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name that was probably meant: of a command here, or of one that only Django has.
    pub fn meant(&self) -> Option<&str> {
        self.meant.as_deref()
    }

    /// Returns what to use instead, as a sentence, if the name is known from Django or another framework.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown command: '{}'.", self.shown)?;
        if let Some(meant) = &self.meant {
            write!(f, " Did you mean {meant}?")?;
        }
        if let Some(instead) = &self.instead {
            write!(f, " {instead}")?;
        }
        write!(f, "\nType '{}' for usage.", self.usage)
    }
}

impl std::error::Error for UnknownCommand {}
