//! The way of one command line: name, parser, settings, context, checks, command.

use std::ffi::OsString;
use std::fmt;

use clap::error::ErrorKind;

use super::line::Line;
use super::{Common, listing, parser};
use crate::command::{CommandError, Exit, Found, RequiredChecks, closest};
use crate::console::Output;
use crate::settings::{Environment, Source};
use crate::{Context, Program, Result, checks};

/// Why a command line did not end as it should, for the program to print: clap's own error for wrong arguments,
/// [`UnknownCommand`], or whatever the command says.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) traceback: bool,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), traceback: false }
    }
}

/// There is no command of this name.
#[derive(Debug)]
pub(crate) struct UnknownCommand {
    name: String,
    program: String,
    meant: Option<String>,
}

/// Django's two lines.
impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown command: '{}'.", self.name)?;
        if let Some(meant) = &self.meant {
            write!(f, " Did you mean {meant}?")?;
        }
        write!(f, "\nType '{} help' for usage.", self.program)
    }
}

impl std::error::Error for UnknownCommand {}

/// Runs one command line. The colours of `output` are decided here, since options change them.
pub(crate) fn dispatch(
    program: &Program,
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    output.set_colors(Default::default(), |name| environment.text(name));
    let line = Line::split(arguments);
    let before = parse_before(program, &line, output)?;
    let common = match before {
        Before::Options(common) => common,
        Before::Done => return Ok(Exit::SUCCESS),
    };
    output.set_colors(common.colors(), |name| environment.text(name));
    let Some(name) = &line.name else {
        output.out.print(listing(program, &output.out))?;
        return Ok(Exit::SUCCESS);
    };
    let found = find(program, &name.to_string_lossy())?;
    let words = std::iter::once(found.command().name().into()).chain(line.after);
    let matches = parser(program, &found).try_get_matches_from(words)?;
    let common = common.overlay(Common::read(&matches));
    output.set_colors(common.colors(), |name| environment.text(name));

    let traceback = common.traceback;
    let source = Source::new(environment, common.settings.clone());
    let mut cx =
        Context::new(program, source, output.clone(), common.verbosity.unwrap_or(1), common.skip_checks);
    run(&mut cx, &found, &matches, &common).map_err(|error| Failure { error, traceback })
}

fn run(cx: &mut Context, found: &Found, matches: &clap::ArgMatches, common: &Common) -> Result<Exit> {
    if !common.skip_checks && found.command().properties().requires_checks == RequiredChecks::All {
        checks::require(cx)?;
    }
    found.command().run(cx, matches)
}

/// The command of a name.
pub(crate) fn find(program: &Program, name: &str) -> Result<Found> {
    let found = program.registry().find(name).map_err(|duplicate| {
        CommandError::new(duplicate.to_string()).hint("Rename one of the two files and its function.")
    })?;
    found.ok_or_else(|| {
        let all = program.registry().all();
        let meant = closest(name, all.iter().map(|found| found.command().name())).map(str::to_owned);
        UnknownCommand { name: name.to_owned(), program: program.name().to_owned(), meant }.into()
    })
}

enum Before {
    Options(Common),
    Done,
}

/// Reads the options before the command's name. `--help` there asks for the listing, or for the command's help.
fn parse_before(program: &Program, line: &Line, output: &Output) -> Result<Before> {
    let bare = clap::Command::new("manage")
        .bin_name(program.name().to_owned())
        .override_usage(format!("{} <COMMAND> [OPTIONS]", program.name()))
        .version(crate::VERSION)
        .disable_help_flag(true)
        .disable_version_flag(true);
    if line.before.is_empty() {
        return Ok(Before::Options(Common::default()));
    }
    let words = std::iter::once("manage".into()).chain(line.before.iter().cloned());
    match Common::add_to(bare).try_get_matches_from(words) {
        Ok(matches) => Ok(Before::Options(Common::read(&matches))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let text = match &line.name {
                Some(name) => {
                    let found = find(program, &name.to_string_lossy())?;
                    parser(program, &found).render_long_help().to_string()
                }
                None => listing(program, &output.out),
            };
            output.out.print(text)?;
            Ok(Before::Done)
        }
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            output.out.line(crate::VERSION)?;
            Ok(Before::Done)
        }
        Err(error) => Err(error.into()),
    }
}
