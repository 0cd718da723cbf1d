//! There is no command of a name.

use std::fmt;

use super::elsewhere;
use crate::Program;

/// There is no command, or no subcommand, of this name. Its text is Django's two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCommand {
    name: String,
    /// The command line that leads on.
    usage: String,
    meant: Option<String>,
    /// What there is instead; another sentence.
    instead: Option<String>,
}

impl UnknownCommand {
    pub(crate) fn new(program: &Program, name: &str) -> Self {
        let all = program.registry().all();
        let shown = all.iter().filter(|found| !found.command().properties().hidden);
        let shown = shown.map(|found| found.command().name());
        let (meant, known) = elsewhere::meant(program.registry(), program.name(), name, shown);
        let (meant, instead) = match known {
            // A slip in a name that other frameworks have: the sentence is about that one.
            Some(known) if known.name != name => (Some(known.name), Some(known.sentence)),
            Some(known) => (None, Some(known.sentence)),
            None => (meant, None),
        };
        let (meant, usage) = (meant.map(str::to_owned), format!("{} help", program.name()));
        Self { name: name.to_owned(), usage, meant, instead }
    }

    /// The name of a subcommand that its command does not have.
    pub(crate) fn inside(
        program: &Program,
        command: &str,
        word: &str,
        meant: Option<String>,
        has_others: bool,
    ) -> Self {
        let instead = (!has_others).then(|| format!("'{command}' has no subcommands."));
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

    /// The name that was probably meant: of a command, or of one that Django has and this program has not.
    pub fn meant(&self) -> Option<&str> {
        self.meant.as_deref()
    }

    /// What to use instead, as a sentence, where the name is known from Django or another framework.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown command: '{}'.", self.name)?;
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
