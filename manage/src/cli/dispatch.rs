//! The way of one command line, to be read from top to bottom: words, options, command, parser, context,
//! checks, command.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::ErrorKind;

use super::parse::parse;
use super::stand_ins::{StandIns, parse_with};
use super::{failure_hints, prompt_missing};
use crate::checks::{self, Level, SystemCheckError};
use crate::command::{
    Common, Context, Invocation, Line, ParsedCommand, Program, RegisteredCommand, RequiredChecks, VERSION,
    find, given, parser, parser_before,
};
use crate::console::{COLORS_VARIABLE, Input, Output, Palette, Role, printable};
use crate::error::{CommandError, Exit, Result};
use crate::hooks::Hooks;
use crate::profile::{self, Part, Profile};
use crate::render::{self, Occasion, help_of, listing};
use crate::settings::{DatabaseSettings, Environment, Source};
use crate::{isolation, migrations};

/// The error of a command line, for the program to print: clap's error for wrong arguments,
/// [`UnknownCommand`](crate::command::UnknownCommand), or the command's own error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) occasion: Occasion,
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
    let flags = Common::prescan_flags(&line.words());
    // Output before the options are parsed already respects them.
    choose_colors(&flags, &environment, output)?;

    let source = Source::new(environment.clone(), None);
    let Some(before) = options_before(program, &line, &source, output)? else { return Ok(Exit::SUCCESS) };
    let Some(name) = &line.name else {
        output.out.print(listing(program, &output.out))?;
        return Ok(Exit::SUCCESS);
    };

    // Only this command's parser is built: a project may have a thousand commands, and each start would pay
    // for all of them.
    let found = find(program, &name.to_string_lossy())?;
    let mut parser = parser(program, &found, output.out.width());
    if let Some(option) = before.first_given(found.command().properties().without) {
        let message = format!("the command '{}' has no option '--{}'", found.command().name(), option.name());
        return Err(parser.error(ErrorKind::UnknownArgument, message).into());
    }
    let invocation = Invocation { stdin, ..Invocation::new(program, source, output.clone()) };
    let invocation = invocation.with_options(&before.clone().overlay(flags));
    let matches = parse_or_prompt(&found, &mut parser, &line, &invocation)?;

    let options = before.overlay(Common::read(&matches));
    let environment = &invocation.source.environment;
    output.adapt(options.colors(), |name| environment.text(name));
    let mut cx = Context::new(Invocation {
        source: Source::new(environment.clone(), options.settings.clone()),
        output: output.clone(),
        given: given(&matches),
        owns_process: program.is_main,
        ..invocation.with_options(&options)
    });

    let command = ParsedCommand { found: &found, parser: &parser, matches: &matches };
    run(&mut cx, &command, &options).map_err(|error| Failure {
        occasion: Occasion {
            hint: failure_hints::of_command(&cx, &found, &error),
            command: Some(command.path()),
            traceback: options.traceback,
            ..Occasion::of(&line.words())
        },
        error,
    })
}

/// Runs a parsed command, inside of the hooks and after the checks, the notice of migrations, and its lock.
pub(super) fn run(cx: &mut Context, command: &ParsedCommand<'_>, options: &Common) -> Result<Exit> {
    let properties = command.found.command().properties();
    let name = command.found.command().name();
    let _profile =
        options.wants_profile().then(|| Profile::start(name, cx.err(), options.shows_everything()));
    Hooks::of(cx.program()).around(cx, command, |cx| {
        require_checks(cx, properties.requires_checks)?;
        if properties.requires_migrations_checks && cx.verbosity() > 0 {
            let database = cx.database(DatabaseSettings::DEFAULT_ALIAS);
            let found = database.and_then(|database| migrations::unapplied(cx.program(), &database));
            // The command's own output may be redirected to a file.
            render::unapplied(cx, cx.err(), found, "Continuing anyway.")?;
        }
        let _isolation = isolation::of_command(cx, command.found, options)?;
        let exit = command.found.command().run(cx, command.matches)?;
        Ok(cx.program().exit_code(exit))
    })
}

/// Runs the system checks. Fails on an error, and prints everything else that they find.
fn require_checks(cx: &Context, required: RequiredChecks) -> Result<()> {
    if cx.skips_checks() || required == RequiredChecks::None {
        return Ok(());
    }
    let results = profile::time(Part::Checks, || checks::require(cx, required));
    if results.reach(Level::Error) {
        // As without checks: a configuration error has its own exit code.
        if let Some(Err(error)) = cx.settings_read() {
            return Err(CommandError::from(error.clone()).into());
        }
        return Err(match results.configuration_error() {
            Some(error) => error.into(),
            None => SystemCheckError { results }.into(),
        });
    }
    if !results.messages.is_empty() {
        cx.err().line(render::issues(&results, false, cx.err()))?;
    }
    Ok(())
}

/// Parses the command's words. Prompts for missing arguments if somebody can answer.
fn parse_or_prompt(
    found: &RegisteredCommand,
    parser: &mut clap::Command,
    line: &Line,
    invocation: &Invocation,
) -> Result<ArgMatches> {
    let name = found.command().name().into();
    let mut words: Vec<OsString> = std::iter::once(name).chain(line.after.iter().cloned()).collect();
    // clap sees the variables of the process alone.
    let stand_ins = StandIns::prepare(parser, &mut words, &invocation.source).map_err(CommandError::from)?;
    let matches = match parse_with(parser, &words, stand_ins.as_ref()) {
        Err(error) if prompt_missing::can_be_asked_for(found, &error) => {
            let cx = Context::new(Invocation { skips_checks: true, ..invocation.clone() });
            prompt_missing::ask(&cx, parser, words, error)?
        }
        result => result?,
    };
    if let Some(stand_ins) = stand_ins {
        *parser = stand_ins.into_parser();
    }
    Ok(matches)
}

/// Chooses the colours, and warns about mistakes in their variable.
fn choose_colors(flags: &Common, environment: &Environment, output: &mut Output) -> Result<()> {
    output.adapt(flags.colors(), |name| environment.text(name));
    for problem in environment.text(COLORS_VARIABLE).iter().flat_map(|text| Palette::problems(text)) {
        output.err.styled_line(Role::Warning, format_args!("{COLORS_VARIABLE}: {}", printable(&problem)))?;
    }
    Ok(())
}

/// Parses the options before the command's name. Returns none if they ask for help or the version, which is
/// then printed.
fn options_before(
    program: &Program,
    line: &Line,
    source: &Source,
    output: &Output,
) -> Result<Option<Common>> {
    if line.before.is_empty() {
        return Ok(Some(Common::default()));
    }
    let words: Vec<OsString> = std::iter::once("manage".into()).chain(line.before.iter().cloned()).collect();
    match parse(&mut parser_before(program, output.out.width()), &words) {
        Ok(matches) => Ok(Some(Common::read(&matches))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let text = match &line.name {
                Some(name) => {
                    let after = line.after.iter().take_while(|word| !word.to_string_lossy().starts_with('-'));
                    let path: Vec<String> = std::iter::once(name)
                        .chain(after)
                        .map(|word| word.to_string_lossy().into_owned())
                        .collect();
                    // What follows the name may be its arguments.
                    help_of(program, &path, source, &output.out)
                        .or_else(|_| help_of(program, &path[..1], source, &output.out))?
                }
                None => listing(program, &output.out),
            };
            output.out.print(text)?;
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            output.out.line(VERSION)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
