//! Argument definitions that clap rejects, and default values that the arguments reject.

use clap::error::{ContextKind, ContextValue};

use super::{Common, CommonOption, HiddenOption, RegisteredCommand, is_secret, usage_text, why_refused};
use crate::error::CommandError;
use crate::panics;

impl RegisteredCommand {
    /// Returns why the command's argument definitions contradict each other, if they do. clap reports that by
    /// a panic, only in builds with debug assertions.
    pub(crate) fn refusal(&self) -> Option<String> {
        if !cfg!(debug_assertions) {
            return None;
        }
        let why = panics::call(|| self.bare_parser()).err()?.message;
        let (name, place) = (self.command().name(), self.place());
        Some(format!("The arguments of the command '{name}'{place} do not fit together: {why}"))
    }

    /// Fails if the argument definitions contradict each other.
    pub(crate) fn validate(self) -> Result<Self, CommandError> {
        match self.refusal() {
            None => Ok(self),
            Some(why) => {
                Err(CommandError::new(why).hint("Fix the argument definitions in the command's source."))
            }
        }
    }

    /// Returns a default value that its argument does not accept here. Without the argument the command would
    /// fail.
    pub(crate) fn unfit_default(&self) -> Option<String> {
        // Parsing a value is the project's code, which may panic.
        let (argument, why) = panics::call(|| unfit_default(&self.bare_parser())).ok()??;
        let (name, place) = (self.command().name(), self.place());
        Some(format!("The default of '{argument}' of the command '{name}'{place} does not fit: {why}."))
    }

    /// Returns the common options that options of the command or its subcommands hide.
    pub(crate) fn hidden_options(&self) -> Vec<HiddenOption> {
        fn collect(parser: &clap::Command, without: &[CommonOption], hidden: &mut Vec<HiddenOption>) {
            hidden.extend(Common::hidden_by(parser, without));
            parser.get_subcommands().for_each(|inner| collect(inner, without, hidden));
        }
        let mut hidden = Vec::new();
        // Contradictory arguments are a finding of their own.
        let _ = panics::call(|| {
            collect(&self.bare_parser(), self.command().properties().without, &mut hidden);
        });
        hidden
    }

    fn bare_parser(&self) -> clap::Command {
        let command = self.command();
        let parser = clap::Command::new(command.name().to_owned());
        let parser = parser.disable_help_flag(true).disable_version_flag(true).disable_help_subcommand(true);
        let mut parser = command.arguments(parser);
        parser.build();
        parser
    }

    pub(crate) fn place(&self) -> String {
        self.location.map(|location| format!(" ({location})")).unwrap_or_default()
    }
}

/// Returns the argument, and why.
fn unfit_default(parser: &clap::Command) -> Option<(String, String)> {
    let inner = parser.get_subcommands().find_map(unfit_default);
    inner.or_else(|| {
        let with_defaults =
            parser.get_arguments().filter(|argument| !argument.get_default_values().is_empty());
        with_defaults.filter(|argument| argument.get_action().takes_values()).find_map(|argument| {
            // Without the arguments that it requires.
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
            if is_secret(argument) {
                let value = match error.get(ContextKind::InvalidValue) {
                    Some(ContextValue::String(value)) => value.as_str(),
                    _ => "",
                };
                let why = why_refused(&error, value)
                    .unwrap_or_else(|| "it is not one of the possible values".to_owned());
                return Some((argument.to_string(), why));
            }
            let reported = usage_text(&error);
            let reported = reported.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let argument = argument.to_string();
            let why = reported.replace("'[value]...'", &format!("'{argument}'"));
            Some((argument, why.trim_end_matches('.').to_owned()))
        })
    })
}
