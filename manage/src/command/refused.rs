//! Arguments that clap refuses, and defaults that the arguments themselves do.

use super::{Found, usage_text};
use crate::{CommandError, caught};

impl Found {
    /// Why the command's arguments do not fit together, if they do not. clap says so by a panic, and in builds with debug
    /// assertions alone.
    pub(crate) fn refusal(&self) -> Option<String> {
        if !cfg!(debug_assertions) {
            return None;
        }
        let why = caught::call(|| self.bare_parser()).err()?.message;
        let (name, place) = (self.command().name(), self.place());
        Some(format!("The arguments of the command '{name}'{place} do not fit together: {why}"))
    }

    /// Fails where the arguments do not fit together.
    pub(crate) fn accepted(self) -> Result<Self, CommandError> {
        match self.refusal() {
            None => Ok(self),
            Some(why) => Err(CommandError::new(why).hint("This is to be mended in the command's source.")),
        }
    }

    /// A default value that its argument does not take here. Whoever leaves the argument out would be told.
    pub(crate) fn unfit_default(&self) -> Option<String> {
        // Reading a value is code of the project's, which may panic.
        let (argument, why) = caught::call(|| unfit_default(&self.bare_parser())).ok()??;
        let (name, place) = (self.command().name(), self.place());
        Some(format!("The default of '{argument}' of the command '{name}'{place} does not fit: {why}."))
    }

    fn bare_parser(&self) -> clap::Command {
        let command = self.command();
        let parser = clap::Command::new(command.name().to_owned());
        let parser = parser.disable_help_flag(true).disable_version_flag(true).disable_help_subcommand(true);
        let mut parser = command.arguments(parser);
        parser.build();
        parser
    }

    fn place(&self) -> String {
        self.location.map(|location| format!(" ({location})")).unwrap_or_default()
    }
}

/// The argument, and why.
fn unfit_default(parser: &clap::Command) -> Option<(String, String)> {
    let inner = parser.get_subcommands().find_map(unfit_default);
    inner.or_else(|| {
        let with_defaults =
            parser.get_arguments().filter(|argument| !argument.get_default_values().is_empty());
        with_defaults.filter(|argument| argument.get_action().takes_values()).find_map(|argument| {
            // Without what it requires of others.
            let mut value = clap::Arg::new("value")
                .value_parser(argument.get_value_parser().clone())
                .num_args(1..)
                .ignore_case(argument.is_ignore_case_set())
                .allow_hyphen_values(true);
            if let Some(delimiter) = argument.get_value_delimiter() {
                value = value.value_delimiter(delimiter);
            }
            let alone = clap::Command::new("alone").no_binary_name(true).disable_help_flag(true).arg(value);
            let defaults = argument.get_default_values().iter().map(|value| value.to_os_string());
            let error = alone.try_get_matches_from(defaults).err()?;
            let told = usage_text(&error);
            let told = told.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let argument = argument.to_string();
            let why = told.replace("'[value]...'", &format!("'{argument}'"));
            Some((argument, why.trim_end_matches('.').to_owned()))
        })
    })
}
