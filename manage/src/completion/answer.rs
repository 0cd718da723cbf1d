//! The answer to a shell's script: `manage __complete SHELL …`.

use std::ffi::OsString;

use clap::{Arg, ArgAction};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use super::request::{Request, guarded};
use super::shell::Line as Shown;
use super::words::Typed;
use super::{Shell, commands};
use crate::cli::{self, Common, Line};
use crate::console::Output;
use crate::settings::{Environment, Source};
use crate::{Context, Exit, Program, Result};

/// The first argument of a question. No command has such a name; another program that happens to be called by the script
/// most likely refuses it.
pub(crate) const WORD: &str = "__complete";

/// Prints what may stand at the cursor. `arguments` are those after [`WORD`]: the shell's name, and what its script hands
/// on of the command line.
pub(crate) fn answer(
    program: &Program,
    arguments: &[OsString],
    environment: Environment,
    output: &Output,
) -> Exit {
    let arguments: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let Some((shell, rest)) =
        arguments.split_first().and_then(|(name, rest)| Some((Shell::of_name(name)?, rest)))
    else {
        return Exit::USAGE;
    };
    let typed = shell.read(rest);
    let lines = guarded(&environment.clone(), "", || candidates(program, &typed, environment));
    match output.out.print(shell.write(&lines, &typed)) {
        Ok(()) => Exit::SUCCESS,
        Err(_) => Exit::BROKEN_PIPE,
    }
}

fn candidates(program: &Program, typed: &Typed, environment: Environment) -> Result<Vec<Shown>> {
    let line = Line::split(typed.before.iter().map(OsString::from));
    let (mut parser, words, command) = match &line.name {
        None => (before_the_name(program), &line.before, String::new()),
        Some(name) => {
            // A name that is wrong is the person's to mend, and no failure.
            let Ok(found) = cli::find(program, &name.to_string_lossy()) else { return Ok(Vec::new()) };
            (cli::parser(program, &found, usize::MAX), &line.after, found.command().name().to_owned())
        }
    };
    let mut words: Vec<OsString> =
        std::iter::once(command.clone().into()).chain(words.iter().cloned()).collect();
    let matches = parser.clone().ignore_errors(true).try_get_matches_from(&words).ok();
    let before = cli::parser_before(program, usize::MAX).ignore_errors(true);
    let before = before.try_get_matches_from(std::iter::once("".into()).chain(line.before.clone())).ok();
    let read = |matches: &clap::ArgMatches| Common::read(matches);
    let common = before.as_ref().map(read).unwrap_or_default();
    let common = common.overlay(matches.as_ref().map(read).unwrap_or_default());
    let source = Source::new(environment.clone(), common.settings);
    let folder = environment.folder();
    // What a function of the project's prints would be taken for a candidate.
    let silence = Output::new(std::io::sink(), std::io::sink());
    let cx = Context::new(program, source, silence, 0, true);
    words.push(typed.current.clone().into());
    let at = words.len() - 1;
    let is_behind_escape = typed.before.iter().rev().skip(1).any(|word| word == "--");
    let request = Request { cx, environment, command, matches, is_behind_escape };
    if typed.current.starts_with('-') && !typed.is_escaped() {
        parser = without_positional_values(parser);
    }
    let found = request.during(|| {
        let mut found = complete(&mut parser, words.clone(), at, Some(&folder))?;
        // The engine offers either the short names or the long ones.
        if typed.current == "-" && !typed.is_escaped() {
            words[at].push("-");
            let short = std::mem::replace(&mut found, complete(&mut parser, words, at, Some(&folder))?);
            // What has no short name is offered both times.
            let is_new = |one: &CompletionCandidate, found: &[CompletionCandidate]| {
                found.iter().all(|other| other.get_value() != one.get_value())
            };
            let short: Vec<_> = short.into_iter().filter(|one| is_new(one, &found)).collect();
            found.extend(short);
        }
        std::io::Result::Ok(found)
    })?;
    Ok(shown(found, &parser, typed))
}

/// The parser of a line that has no command's name yet: the common options, and the names.
fn before_the_name(program: &Program) -> clap::Command {
    let name = Arg::new("command").action(ArgAction::Set).add(commands());
    cli::parser_before(program, usize::MAX).arg(name)
}

/// The engine asks for positional values even where a hyphen begins an option; a function of the project's might ask a
/// database for nothing.
fn without_positional_values(parser: clap::Command) -> clap::Command {
    let parser = parser.mut_args(|argument| match argument.is_positional() {
        true => argument.add(ArgValueCompleter::new(|_: &std::ffi::OsStr| Vec::new())),
        false => argument,
    });
    parser.mut_subcommands(without_positional_values)
}

/// The candidates that help: no options before the person has typed a hyphen, unless there is nothing else, and none that
/// stands on the line already and may not be repeated.
fn shown(found: Vec<CompletionCandidate>, parser: &clap::Command, typed: &Typed) -> Vec<Shown> {
    let escaped = typed.before.iter().any(|word| word == "--");
    let is_option =
        |candidate: &Shown| !escaped && candidate.value.starts_with('-') && candidate.value.len() > 1;
    let mut lines: Vec<Shown> = found.iter().filter_map(|candidate| line(candidate, typed)).collect();
    if typed.current.is_empty() && lines.iter().any(|candidate| !is_option(candidate)) {
        lines.retain(|candidate| !is_option(candidate));
    }
    lines.retain(|candidate| !is_option(candidate) || !is_used_up(&candidate.value, parser, typed));
    lines
}

/// A candidate that a shell's script can read: on one line and in UTF-8.
fn line(candidate: &CompletionCandidate, typed: &Typed) -> Option<Shown> {
    let value = candidate.get_value().to_str()?;
    // Of a subcommand's names the engine has chosen one; its own comes before its aliases.
    let name = candidate.get_id().and_then(|id| id.strip_prefix("command::"));
    let value = name.filter(|name| name.starts_with(&typed.current)).unwrap_or(value);
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().replace('\t', " ");
    (!value.contains(['\n', '\r', '\t'])).then(|| Shown { value: value.to_owned(), help })
}

fn is_used_up(option: &str, parser: &clap::Command, typed: &Typed) -> bool {
    let is_it = |argument: &&Arg| {
        argument.get_long().is_some_and(|long| option.strip_prefix("--") == Some(long))
            || argument.get_short().is_some_and(|short| option == format!("-{short}"))
    };
    let mut command = parser;
    for word in &typed.before {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    let Some(argument) = command.get_arguments().find(is_it) else { return false };
    if matches!(argument.get_action(), ArgAction::Append | ArgAction::Count) {
        return false;
    }
    let names: Vec<String> = argument
        .get_long()
        .map(|long| format!("--{long}"))
        .into_iter()
        .chain(argument.get_short().map(|short| format!("-{short}")))
        .collect();
    typed.before.iter().any(|word| {
        names.contains(word)
            || names.iter().any(|name| match name.len() {
                // `-sVALUE`, and `-s=VALUE`.
                2 => argument.get_action().takes_values() && word.starts_with(name),
                _ => word.starts_with(&format!("{name}=")),
            })
    })
}
