//! A command or a subcommand, as its parser describes it.

use serde::Serialize;

use super::{Argument, CommandOption};

/// The description of a command or a subcommand.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Description {
    /// The name on the command line.
    pub name: String,
    /// One line; may be empty.
    pub about: String,
    /// The whole help text, if it is longer than that line.
    pub long_about: Option<String>,
    /// The usage line: `manage greet [OPTIONS] <NAME>`.
    pub usage: String,
    /// Aliases.
    pub aliases: Vec<String>,
    /// Whether the listing hides it. It still runs.
    pub hidden: bool,
    /// The positional arguments, in order.
    pub arguments: Vec<Argument>,
    /// The options, without the common ones.
    pub options: Vec<CommandOption>,
    /// Whether a subcommand is required.
    pub subcommand_required: bool,
    /// The subcommands, hidden ones too.
    pub subcommands: Vec<Description>,
}

impl Description {
    /// Describes a built parser. `is_own` decides which of its arguments to include.
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
