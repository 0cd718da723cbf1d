//! Man pages, by clap_mangen: one for the program, one for each listed command, one for each subcommand.

use clap_mangen::Man;

use super::Page;
use crate::command;
use crate::command::Program;
use crate::error::Result;

/// Returns the pages of a command and its subcommands; without a path, those of the whole program.
pub(super) fn pages(program: &Program, path: &[String]) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    if !path.is_empty() {
        let command = command::resolve(program, path, usize::MAX)?;
        let name = format!("{}-{}", program.name(), path.join("-"));
        add(program, command, name, &mut pages)?;
        return Ok(pages);
    }
    let commands: Vec<_> =
        program.registry().all().into_iter().filter(|found| !found.command().properties().hidden).collect();
    let listed = commands.iter().map(|found| {
        clap::Command::new(found.command().name().to_owned()).about(found.command().about().to_owned())
    });
    let mut all = command::parser_before(program, usize::MAX)
        .display_name(program.name().to_owned())
        .about("The management commands of a project")
        .disable_help_subcommand(true)
        .subcommands(listed);
    all.build();
    pages.push(page(program, &all, program.name())?);
    for found in commands {
        let name = format!("{}-{}", program.name(), found.command().name());
        let mut command = command::parser(program, &found, usize::MAX);
        command.build();
        add(program, command, name, &mut pages)?;
    }
    Ok(pages)
}

/// Adds the page of a command, and those of its subcommands.
fn add(program: &Program, command: clap::Command, name: String, pages: &mut Vec<Page>) -> Result<()> {
    let command = command.display_name(name.clone());
    pages.push(page(program, &command, &name)?);
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        add(program, inner.clone(), format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}

fn page(program: &Program, command: &clap::Command, name: &str) -> Result<Page> {
    let version = match program.project_version() {
        "" => crate::command::VERSION,
        version => version,
    };
    let mut command = command.clone();
    // A separate line is a paragraph for man(1), which fills lines.
    if let Some(about) = command.get_long_about() {
        let about = about.to_string().replace("\n\n", "\n").replace('\n', "\n\n");
        command = command.long_about(about);
    }
    let mut text = Vec::new();
    // Without a date, so that the same program makes the same page.
    Man::new(command)
        .title(name)
        .source(format!("{} {version}", program.name()))
        .manual("Management commands")
        .render(&mut text)?;
    Ok(Page { name: format!("{name}.1"), text: String::from_utf8(text)? })
}
