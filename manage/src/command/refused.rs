//! Arguments that clap refuses. It says so by a panic, and in builds with debug assertions alone.

use super::{Found, usage_text};
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
        let built = caught::call(|| {
            let mut parser = command.arguments(bare());
            parser.build();
            parser
        });
        let why = match built {
            Ok(parser) => refused_default(&parser)?,
            Err(panic) => panic.message,
        };
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

/// A default value that the argument itself does not take. clap would tell whoever leaves the argument out.
fn refused_default(parser: &clap::Command) -> Option<String> {
    let inner = parser.get_subcommands().find_map(refused_default);
    inner.or_else(|| {
        parser.get_arguments().filter(|argument| !argument.get_default_values().is_empty()).find_map(
            |argument| {
                let alone = clap::Command::new("alone").no_binary_name(true).disable_help_flag(true);
                let alone = alone.arg(
                    clap::Arg::new("value")
                        .value_parser(argument.get_value_parser().clone())
                        .num_args(1..)
                        .ignore_case(argument.is_ignore_case_set())
                        .allow_hyphen_values(true),
                );
                let defaults = argument.get_default_values().iter().map(|value| value.to_os_string());
                let error = alone.try_get_matches_from(defaults).err()?;
                let told = usage_text(&error);
                let why = told.lines().next().unwrap_or_default();
                let why = why.trim_start_matches("error: ").replace("'[value]...'", &format!("'{argument}'"));
                Some(format!("a default is an {why}"))
            },
        )
    })
}
