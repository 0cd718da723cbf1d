//! The parser of one command, and of the options before a command's name.

use anyhow::Context as _;

use super::common_options::Common;
use super::find::find;
use super::{Program, RegisteredCommand, UnknownCommand, hide_secrets};
use crate::error::Result;
use crate::suggest::closest;

/// Returns the parser of one command: its own arguments first, then the common options. Texts are wrapped at
/// `width` columns.
pub(crate) fn parser(program: &Program, found: &RegisteredCommand, width: usize) -> clap::Command {
    let command = found.command();
    let name = command.name().to_owned();
    let mut parser = clap::Command::new(name.clone())
        .bin_name(format!("{} {name}", program.name()))
        .version(crate::command::VERSION)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true);
    parser = command.arguments(parser);
    // A struct of arguments may have its own help text; the command's replaces it.
    parser = match command.about() {
        "" => parser.about(None::<&'static str>),
        about => parser.about(about.to_owned()),
    };
    parser = match command.long_about() {
        Some(text) => parser.long_about(text.to_owned()),
        None => parser.long_about(None::<&'static str>),
    };
    let properties = command.properties();
    let aliases = properties.aliases;
    if !aliases.is_empty() && parser.get_after_help().is_none() && parser.get_after_long_help().is_none() {
        parser = parser.after_help(format!("Aliases: {}", aliases.join(", ")));
    }
    // The help of a subcommand is available as `help cache clear`.
    parser = Common::add_to(parser.disable_help_subcommand(true), properties.without);
    if !found.can_be_isolated() {
        parser = Common::hide_isolation(parser);
    }
    lenient(hide_secrets(parser))
}

/// Returns the parser of the options before a command's name: only the common options.
pub(crate) fn parser_before(program: &Program, width: usize) -> clap::Command {
    let bare = clap::Command::new("manage")
        .bin_name(program.name().to_owned())
        .override_usage(format!("{} <COMMAND> [OPTIONS]", program.name()))
        .version(crate::command::VERSION)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true);
    lenient(Common::add_to(bare, &[]))
}

/// Parses like Python's argparse: the last occurrence of a repeated option wins, and a value may be a
/// negative number unless an option is a digit.
fn lenient(parser: clap::Command) -> clap::Command {
    let is_digit = |argument: &clap::Arg| {
        let aliases = argument.get_all_short_aliases().unwrap_or_default();
        argument.get_short().into_iter().chain(aliases).any(|letter| letter.is_ascii_digit())
    };
    let numbers = !parser.get_arguments().any(is_digit);
    parser
        .args_override_self(true)
        .mut_args(|argument| match numbers && argument.get_action().takes_values() {
            true => argument.allow_negative_numbers(true),
            false => argument,
        })
        .mut_subcommands(lenient)
}

/// Returns the built parser of a command, or of the subcommand that the words after its name select.
pub(crate) fn resolve(program: &Program, path: &[String], width: usize) -> Result<clap::Command> {
    let (name, rest) = path.split_first().context("there is a name")?;
    let found = find(program, name)?;
    let mut command = parser(program, &found, width);
    // The usage of a subcommand begins with the names of those above it.
    command.build();
    let mut walked = found.command().name().to_owned();
    for word in rest {
        let Some(inner) = command.find_subcommand(word) else {
            let names =
                command.get_subcommands().filter(|inner| !inner.is_hide_set()).map(clap::Command::get_name);
            let meant = closest(word, names).map(|meant| format!("{walked} {meant}"));
            return Err(
                UnknownCommand::inside(program, &walked, word, meant, command.has_subcommands()).into()
            );
        };
        command = inner.clone().term_width(width);
        walked = format!("{walked} {}", command.get_name());
    }
    Ok(command)
}
