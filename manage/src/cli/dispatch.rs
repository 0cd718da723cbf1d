//! The way of one command line: name, parser, settings, context, checks, command.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use super::find::find;
use super::line::Line;
use super::parse::parse;
use super::{Common, explain, help_of, isolate, listing, missing, parser, parser_before};
use crate::checks::{self, Level, SystemCheckError};
use crate::command::{Exit, Found, RequiredChecks};
use crate::console::{COLORS_VARIABLE, Input, Output, Palette, Role};
use crate::hooks::{Hooks, Watched};
use crate::profile::{self, Part, Profile};
use crate::settings::{DatabaseSettings, Environment, Source};
use crate::{Context, Program, Result, migrations, report};

/// Why a command line did not end as it should, for the program to print: clap's own error for wrong arguments,
/// [`UnknownCommand`](crate::command::UnknownCommand), or whatever the command says.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) occasion: Occasion,
}

/// The circumstances in which a command line failed.
#[derive(Debug, Default)]
pub(crate) struct Occasion {
    /// The command that ran, with its subcommand; none if no command ran.
    pub(crate) command: Option<String>,
    pub(crate) traceback: bool,
    /// What may help, beside what the error itself says.
    pub(crate) hint: Option<String>,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), occasion: Occasion::default() }
    }
}

/// Runs one command line. The colours of `output` are decided here, since options change them.
pub(crate) fn dispatch(
    program: &Program,
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment,
    output: &mut Output,
    stdin: Input,
) -> Result<Exit, Failure> {
    let line = Line::split(arguments);
    // What may be said before the options are read follows them already.
    let all: Vec<OsString> = line.before.iter().chain(&line.name).chain(&line.after).cloned().collect();
    let glimpse = Common::glimpse(&all);
    output.adapt(glimpse.colors(), |name| environment.text(name));
    for problem in environment.text(COLORS_VARIABLE).iter().flat_map(|text| Palette::problems(text)) {
        output.err.styled_line(Role::Warning, format_args!("{COLORS_VARIABLE}: {problem}"))?;
    }
    let before = parse_before(program, &line, output)?;
    let common = match before {
        Before::Options(common) => common,
        Before::Done => return Ok(Exit::SUCCESS),
    };
    let Some(name) = &line.name else {
        output.out.print(listing(program, &output.out))?;
        return Ok(Exit::SUCCESS);
    };
    let found = find(program, &name.to_string_lossy())?;
    let words = std::iter::once(found.command().name().into()).chain(line.after);
    let mut parser = parser(program, &found, output.out.width());
    let words: Vec<OsString> = words.collect();
    let matches = match parse(&mut parser, &words) {
        Err(error) if missing::can_be_asked_for(&found, &error) => {
            let source = Source::new(environment.clone(), common.settings.clone());
            let mut cx = Context::new(program, source, output.clone(), 1, true);
            cx.stdin = stdin.clone();
            cx.no_input = glimpse.no_input;
            missing::ask(&cx, &mut parser, words, error)?
        }
        result => result?,
    };
    let common = common.overlay(Common::read(&matches));
    output.adapt(common.colors(), |name| environment.text(name));

    let traceback = common.traceback;
    let source = Source::new(environment, common.settings.clone());
    let mut cx =
        Context::new(program, source, output.clone(), common.verbosity.unwrap_or(1), common.skip_checks);
    cx.stdin = stdin;
    cx.no_input = common.no_input;
    cx.owns_process = program.is_main;
    let watched = Watched { found: &found, parser: &parser, matches: &matches };
    run(&mut cx, &watched, &common).map_err(|error| {
        let hint = explain::hint(&cx, &found, &error);
        let command = Some(command_path(&found, &matches));
        Failure { error, occasion: Occasion { command, traceback, hint } }
    })
}

/// A command's name, and that of its subcommand: `cache clear`.
fn command_path(found: &Found, matches: &ArgMatches) -> String {
    let (mut path, mut at) = (found.command().name().to_owned(), matches);
    while let Some((name, below)) = at.subcommand() {
        path = format!("{path} {name}");
        at = below;
    }
    path
}

pub(super) fn run(cx: &mut Context, watched: &Watched<'_>, common: &Common) -> Result<Exit> {
    let command = watched.found.command();
    let properties = command.properties();
    let required = properties.requires_checks;
    cx.given = given(watched.matches);
    let _profile =
        common.wants_profile().then(|| Profile::start(command.name(), cx.err(), common.tells_everything()));
    Hooks::of(cx.program()).around(cx, watched, Exit::of, |cx| {
        if !common.skip_checks && required != RequiredChecks::None {
            let results = profile::time(Part::Checks, || checks::require(cx, required));
            if results.reach(Level::Error) {
                return Err(SystemCheckError { results }.into());
            }
            if !results.messages.is_empty() {
                cx.err().line(report::issues(&results, false, cx.err()))?;
            }
        }
        if properties.requires_migrations_checks && cx.verbosity() > 0 {
            let database = cx.database(DatabaseSettings::DEFAULT_ALIAS);
            let found = database.and_then(|database| migrations::look(cx.program(), database));
            // What the command itself says may go into a file.
            report::unapplied(cx, cx.err(), found, "Going on all the same.")?;
        }
        let _isolation = isolate::of_command(cx, watched.found, common)?;
        let exit = command.run(cx, watched.matches)?;
        Ok(cx.program().exit_code(exit))
    })
}

/// The values that the command line, or a variable in its place, gives the arguments.
fn given(matches: &ArgMatches) -> Vec<OsString> {
    let is_given = |id: &str| {
        matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let here = matches.ids().map(clap::Id::as_str).filter(|id| is_given(id));
    let mut values: Vec<OsString> = here
        .filter_map(|id| matches.try_get_raw(id).ok().flatten())
        .flat_map(|values| values.map(ToOwned::to_owned))
        .collect();
    if let Some((_, below)) = matches.subcommand() {
        values.extend(given(below));
    }
    values
}

enum Before {
    Options(Common),
    Done,
}

/// Reads the options before the command's name. `--help` there asks for the listing, or for the command's help.
fn parse_before(program: &Program, line: &Line, output: &Output) -> Result<Before> {
    if line.before.is_empty() {
        return Ok(Before::Options(Common::default()));
    }
    let words: Vec<OsString> = std::iter::once("manage".into()).chain(line.before.iter().cloned()).collect();
    match parse(&mut parser_before(program, output.out.width()), &words) {
        Ok(matches) => Ok(Before::Options(Common::read(&matches))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let text = match &line.name {
                Some(name) => {
                    let after = line.after.iter().take_while(|word| !word.to_string_lossy().starts_with('-'));
                    let path: Vec<String> = std::iter::once(name)
                        .chain(after)
                        .map(|word| word.to_string_lossy().into_owned())
                        .collect();
                    // What follows the name may be its arguments.
                    help_of(program, &path, &output.out)
                        .or_else(|_| help_of(program, &path[..1], &output.out))?
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
