//! The grouped listing, the help of one command, and its parser.

use super::find::find;
use super::{Common, fill, isolate};
use anyhow::Context as _;

use crate::command::{BUILT_IN, Found, UnknownCommand, closest};
use crate::console::{Role, Stream};
use crate::{Program, Result};

/// The parser of one command: its own arguments first, then the common options. Its texts take `width` columns.
pub(crate) fn parser(program: &Program, found: &Found, width: usize) -> clap::Command {
    let command = found.command();
    let name = command.name().to_owned();
    let mut parser = clap::Command::new(name.clone())
        .bin_name(format!("{} {name}", program.name()))
        .version(crate::VERSION)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true);
    parser = command.arguments(parser);
    // A struct of arguments may bring a help text of its own; the command's is set after it.
    parser = match command.about() {
        "" => parser.about(None::<&'static str>),
        about => parser.about(about.to_owned()),
    };
    parser = match command.long_about() {
        Some(text) => parser.long_about(text.to_owned()),
        None => parser.long_about(None::<&'static str>),
    };
    let aliases = command.properties().aliases;
    if !aliases.is_empty() && parser.get_after_help().is_none() && parser.get_after_long_help().is_none() {
        parser = parser.after_help(format!("Aliases: {}", aliases.join(", ")));
    }
    // The help of a subcommand is asked for as that of a command: `help cache clear`.
    parser = Common::add_to(parser.disable_help_subcommand(true));
    if !isolate::is_possible(found) {
        parser = Common::hide_isolation(parser);
    }
    lenient(parser)
}

/// The parser of what stands before a command's name: the common options alone.
pub(crate) fn parser_before(program: &Program, width: usize) -> clap::Command {
    let bare = clap::Command::new("manage")
        .bin_name(program.name().to_owned())
        .override_usage(format!("{} <COMMAND> [OPTIONS]", program.name()))
        .version(crate::VERSION)
        .term_width(width)
        .disable_help_flag(true)
        .disable_version_flag(true);
    lenient(Common::add_to(bare))
}

/// As Python's argparse has it: of an option that is repeated the last one counts, and a value may be a negative number
/// where no option is a digit.
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

/// The built parser of a command, or of the subcommand that the words after its name lead to.
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

/// The help of a command or a subcommand; of all, where there is no path.
pub(crate) fn help_of(program: &Program, path: &[String], out: &Stream) -> Result<String> {
    if path.is_empty() {
        return Ok(listing(program, out));
    }
    let mut command = resolve(program, path, out.width())?;
    let help = if has_long_help(&command) { command.render_long_help() } else { command.render_help() };
    Ok(help.to_string())
}

/// Whether `--help` has more to say than `-h`. clap decides so too, and `help NAME` is to be the same as `NAME --help`.
fn has_long_help(command: &clap::Command) -> bool {
    let is_long = |argument: &clap::Arg| {
        argument.get_long_help().is_some()
            || argument.is_hide_long_help_set()
            || argument.is_hide_short_help_set()
            || argument
                .get_possible_values()
                .iter()
                .any(|value| !value.is_hide_set() && value.get_help().is_some())
    };
    command.get_long_about().is_some()
        || command.get_before_long_help().is_some()
        || command.get_after_long_help().is_some()
        || command.get_arguments().any(is_long)
}

/// The names of the commands that the listing shows, in the order of the alphabet.
pub(crate) fn names(program: &Program) -> Vec<String> {
    let mut names: Vec<String> =
        visible(program).iter().map(|found| found.command().name().to_owned()).collect();
    names.sort();
    names
}

/// The commands that are not hidden, by app.
fn visible(program: &Program) -> Vec<Found> {
    program.registry().all().into_iter().filter(|found| !found.command().properties().hidden).collect()
}

/// All commands by app, with a line on each.
pub(crate) fn listing(program: &Program, out: &Stream) -> String {
    let name = program.name();
    let mut text = format!(
        "Usage: {name} <COMMAND> [OPTIONS]\n\n\
         Type '{name} help <command>' for help on a specific command.\n\n\
         Available commands:\n"
    );
    let commands = visible(program);
    let longest = commands.iter().map(|found| found.command().name().chars().count()).max().unwrap_or(0);
    let columns = out.width();
    let apps = program.registry().apps().iter().copied().chain([BUILT_IN]);
    for app in apps {
        let mut of_app: Vec<&Found> = commands.iter().filter(|found| found.app == app).collect();
        if of_app.is_empty() {
            continue;
        }
        of_app.sort_by_key(|found| found.command().name());
        text.push_str(&format!("\n{}\n", out.style(Role::Notice, format_args!("[{app}]"))));
        for found in of_app {
            text.push_str(&fill::entry(found.command().name(), &description(found), longest, columns));
        }
    }
    text
}

/// The line on a command, with its aliases as clap shows those of a subcommand.
fn description(found: &Found) -> String {
    let about = found.command().about();
    let aliases = found.command().properties().aliases;
    let shown = match aliases.len() {
        0 => String::new(),
        1 => format!("[alias: {}]", aliases[0]),
        _ => format!("[aliases: {}]", aliases.join(", ")),
    };
    format!("{about} {shown}").trim().to_owned()
}
