//! Arguments that clap refuses. It says so by a panic, and in builds with debug assertions alone.

use super::Found;
use crate::{CommandError, caught};

impl Found {
    /// Why the command's arguments do not fit together, if they do not.
    pub(crate) fn refusal(&self) -> Option<String> {
        if !cfg!(debug_assertions) {
            return None;
        }
        let command = self.command();
        let bare = || {
            let parser = clap::Command::new(command.name().to_owned());
            parser.disable_help_flag(true).disable_version_flag(true).disable_help_subcommand(true)
        };
        let why = caught::call(|| command.arguments(bare()).build()).err()?.message;
        let place = self.location.map(|location| format!(" ({location})")).unwrap_or_default();
        Some(format!("The arguments of the command '{}'{place} do not fit together: {why}", command.name()))
    }

    /// Fails where the arguments do not fit together.
    pub(crate) fn accepted(self) -> Result<Self, CommandError> {
        match self.refusal() {
            None => Ok(self),
            Some(why) => Err(CommandError::new(why).hint("This is to be mended in the command's source.")),
        }
    }
}
