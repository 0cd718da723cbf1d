//! A command or a subcommand, as its parser describes it.

use serde::Serialize;

use super::{Argument, CommandOption};

/// What can be asked of a command or of a subcommand.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// What a person types.
    pub name: String,
    /// One line; may be empty.
    pub about: String,
    /// The whole help text, where it is longer than that line.
    pub long_about: Option<String>,
    /// A command line in short: `manage greet [OPTIONS] <NAME>`.
    pub usage: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// Whether it is left out of the listing. It runs all the same.
    pub hidden: bool,
    /// What is told by its place, in that order.
    pub arguments: Vec<Argument>,
    /// What is told by `--name`, without the common options.
    pub options: Vec<CommandOption>,
    /// Whether one of the subcommands has to be named.
    pub subcommand_required: bool,
    /// The subcommands, hidden ones too.
    pub subcommands: Vec<Description>,
}

impl Description {
    /// Reads a parser that has been built. `is_own` says which of its arguments count.
    pub(super) fn of(parser: &mut clap::Command, is_own: impl Fn(&clap::Arg) -> bool + Copy) -> Self {
        let usage = parser.render_usage().to_string();
        let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).trim_end().to_owned();
        let about = parser.get_about().map(ToString::to_string).unwrap_or_default();
        let long_about = parser.get_long_about().map(ToString::to_string).filter(|long| *long != about);
        let own = || parser.get_arguments().filter(|argument| is_own(argument));
        Self {
            name: parser.get_name().to_owned(),
            about,
            long_about,
            usage,
            aliases: parser.get_visible_aliases().map(str::to_owned).collect(),
            hidden: parser.is_hide_set(),
            arguments: own().filter(|argument| argument.is_positional()).map(Argument::of).collect(),
            options: own().filter(|argument| !argument.is_positional()).map(CommandOption::of).collect(),
            subcommand_required: parser.is_subcommand_required_set(),
            subcommands: parser.get_subcommands_mut().map(|inner| Self::of(inner, is_own)).collect(),
        }
    }
}
