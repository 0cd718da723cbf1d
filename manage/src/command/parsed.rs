//! A command whose arguments are read.

use clap::ArgMatches;

use super::RegisteredCommand;

/// A command, its parser, and what that read.
pub(crate) struct ParsedCommand<'a> {
    pub(crate) found: &'a RegisteredCommand,
    pub(crate) parser: &'a clap::Command,
    pub(crate) matches: &'a ArgMatches,
}

impl ParsedCommand<'_> {
    /// Returns the command's name, and that of its subcommand: `cache clear`.
    pub(crate) fn path(&self) -> String {
        let (mut path, mut at) = (self.found.command().name().to_owned(), self.matches);
        while let Some((name, below)) = at.subcommand() {
            path = format!("{path} {name}");
            at = below;
        }
        path
    }
}
