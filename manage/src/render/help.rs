//! The grouped listing, and the help of one command.

use super::wrap;
use crate::command::{BUILT_IN, Program, RegisteredCommand, resolve, showing_variables};
use crate::console::{Role, Stream};
use crate::error::Result;
use crate::settings::Source;

/// Returns the help of a command or a subcommand, or the listing if the path is empty.
pub(crate) fn help_of(program: &Program, path: &[String], source: &Source, out: &Stream) -> Result<String> {
    if path.is_empty() {
        return Ok(listing(program, out));
    }
    let mut command = showing_variables(resolve(program, path, out.width())?, source);
    let help = if has_long_help(&command) { command.render_long_help() } else { command.render_help() };
    Ok(help.to_string())
}

/// Returns whether `--help` prints more than `-h`. clap uses the same rule, and `help NAME` must equal `NAME
/// --help`.
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

/// Returns the names of the listed commands in alphabetical order.
pub(crate) fn names(program: &Program) -> Vec<String> {
    let mut names: Vec<String> =
        visible(program).iter().map(|found| found.command().name().to_owned()).collect();
    names.sort();
    names
}

/// Returns the commands that are not hidden, by app.
fn visible(program: &Program) -> Vec<RegisteredCommand> {
    program.registry().all().into_iter().filter(|found| !found.command().properties().hidden).collect()
}

/// Returns all commands by app, with a line on each.
pub(crate) fn listing(program: &Program, out: &Stream) -> String {
    let name = program.name();
    let columns = out.width();
    let advice = format!("Type '{name} help <command>' for help on a specific command.");
    let mut text = format!(
        "Usage: {name} <COMMAND> [OPTIONS]\n\n{}\n\nAvailable commands:\n",
        textwrap::fill(&advice, columns)
    );
    let commands = visible(program);
    let longest = commands.iter().map(|found| found.command().name().chars().count()).max().unwrap_or(0);
    let apps = program.registry().apps().iter().copied().chain([BUILT_IN]);
    for app in apps {
        let mut of_app: Vec<&RegisteredCommand> = commands.iter().filter(|found| found.app == app).collect();
        if of_app.is_empty() {
            continue;
        }
        of_app.sort_by_key(|found| found.command().name());
        text.push_str(&format!("\n{}\n", out.style(Role::Notice, format_args!("[{app}]"))));
        for found in of_app {
            text.push_str(&wrap::entry(found.command().name(), &description(found), longest, columns));
        }
    }
    text
}

/// Returns the one-line description of a command, with its aliases in clap's format.
fn description(found: &RegisteredCommand) -> String {
    let about = found.command().about();
    let aliases = found.command().properties().aliases;
    let shown = match aliases.len() {
        0 => String::new(),
        1 => format!("[alias: {}]", aliases[0]),
        _ => format!("[aliases: {}]", aliases.join(", ")),
    };
    format!("{about} {shown}").trim().to_owned()
}
