//! The grouped listing, and the parser of one command.

use super::Common;
use crate::Program;
use crate::command::{BUILT_IN, Found};
use crate::console::{Role, Stream};

/// The parser of one command: its own arguments first, then the common options.
pub(crate) fn parser(program: &Program, found: &Found) -> clap::Command {
    let command = found.command();
    let name = command.name().to_owned();
    let mut parser = clap::Command::new(name.clone())
        .bin_name(format!("{} {name}", program.name()))
        .version(crate::VERSION)
        .disable_help_flag(true)
        .disable_version_flag(true);
    parser = command.arguments(parser);
    // A struct of arguments may bring a help text of its own; the command's is set after it.
    parser = parser.about(command.about().to_owned());
    if let Some(text) = command.long_about() {
        parser = parser.long_about(text.to_owned());
    }
    Common::add_to(parser)
}

/// All commands by app, with a line on each.
pub(crate) fn listing(program: &Program, out: &Stream) -> String {
    let name = program.name();
    let mut text = format!(
        "Usage: {name} <COMMAND> [OPTIONS]\n\n\
         Type '{name} help <command>' for help on a specific command.\n\n\
         Available commands:\n"
    );
    let commands: Vec<Found> =
        program.registry().all().into_iter().filter(|found| !found.command().properties().hidden).collect();
    let width = commands.iter().map(|found| found.command().name().chars().count()).max().unwrap_or(0);
    let apps = program.registry().apps().iter().copied().chain([BUILT_IN]);
    for app in apps {
        let mut of_app: Vec<&Found> = commands.iter().filter(|found| found.app == app).collect();
        if of_app.is_empty() {
            continue;
        }
        of_app.sort_by_key(|found| found.command().name());
        text.push_str(&format!("\n{}\n", out.style(Role::Notice, format_args!("[{app}]"))));
        for found in of_app {
            let line = format!("    {:width$}  {}", found.command().name(), found.command().about());
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}
