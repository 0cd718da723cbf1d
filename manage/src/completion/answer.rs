//! The reply to a shell's script: `manage __complete SHELL …`.

use std::ffi::OsString;

use clap::{Arg, ArgAction};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use super::request::{Request, guarded};
use super::shell::Line as Shown;
use super::words::Typed;
use super::{Completer, Shell, commands, log};
use crate::command;
use crate::command::{Common, Context, Invocation, Line, Program, is_secret};
use crate::console::Output;
use crate::error::{Exit, Result};
use crate::settings::{Environment, Source};

/// The first argument of a completion request. No command has this name. If the script calls another program
/// by mistake, that program most likely rejects it.
pub(crate) const WORD: &str = "__complete";

/// Prints the candidates at the cursor. `arguments` are those after [`WORD`]: the shell's name, and the parts
/// of the command line that its script passes on.
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
    let environment = environment.cautious();
    let lines = guarded(&environment.clone(), "", || candidates(program, &typed, environment.clone()));
    for error in environment.passed_over() {
        log::note(&environment, "", &error.to_string());
    }
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
            // An unknown command is the user's mistake, and not a failure of the completion.
            let Ok(found) = command::find(program, &name.to_string_lossy()) else { return Ok(Vec::new()) };
            (command::parser(program, &found, usize::MAX), &line.after, found.command().name().to_owned())
        }
    };
    let mut words: Vec<OsString> =
        std::iter::once(command.clone().into()).chain(words.iter().cloned()).collect();
    let matches = parser.clone().ignore_errors(true).try_get_matches_from(&words).ok();
    let before = command::parser_before(program, usize::MAX).ignore_errors(true);
    let before = before.try_get_matches_from(std::iter::once("".into()).chain(line.before.clone())).ok();
    let read = |matches: &clap::ArgMatches| Common::read(matches);
    let common = before.as_ref().map(read).unwrap_or_default();
    let common = common.overlay(matches.as_ref().map(read).unwrap_or_default());
    let source = Source::new(environment.clone(), common.settings);
    let folder = environment.folder();
    // The shell would mistake output of the project's functions for candidates.
    let silence = Output::new(std::io::sink(), std::io::sink());
    let invocation = Invocation::new(program, source, silence);
    let cx = Context::new(Invocation { verbosity: 0, skips_checks: true, ..invocation });
    words.push(typed.current.clone().into());
    let at = words.len() - 1;
    let is_behind_escape = typed.before.iter().rev().skip(1).any(|word| word == "--");
    parser = without_secrets(Completer::for_engine(parser));
    let request = Request { cx, environment, command, matches, is_behind_escape };
    if typed.current.starts_with('-') && !typed.is_escaped() {
        parser = without_positional_values(parser);
    }
    let found = request.during(|| {
        let mut found = complete(&mut parser, words.clone(), at, Some(&folder))?;
        // The engine returns either the short names or the long ones.
        if typed.current == "-" && !typed.is_escaped() {
            words[at].push("-");
            let short = std::mem::replace(&mut found, complete(&mut parser, words, at, Some(&folder))?);
            // Options without a short name are returned both times.
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

/// Returns the parser of a line that has no command name yet: the common options and the names.
fn before_the_name(program: &Program) -> clap::Command {
    let name = Arg::new("command").action(ArgAction::Set).add(commands());
    command::parser_before(program, usize::MAX).arg(name)
}

/// Removes the possible values of secrets, which are never shown.
fn without_secrets(parser: clap::Command) -> clap::Command {
    let parser = parser.mut_args(|argument| {
        match is_secret(&argument) && !argument.get_possible_values().is_empty() {
            true => argument.add(ArgValueCompleter::new(|_: &std::ffi::OsStr| Vec::new())),
            false => argument,
        }
    });
    parser.mut_subcommands(without_secrets)
}

/// Removes positional values, which the engine completes even after the hyphen of an option: a function of
/// the project could query a database unnecessarily.
fn without_positional_values(parser: clap::Command) -> clap::Command {
    let parser = parser.mut_args(|argument| match argument.is_positional() {
        true => argument.add(ArgValueCompleter::new(|_: &std::ffi::OsStr| Vec::new())),
        false => argument,
    });
    parser.mut_subcommands(without_positional_values)
}

/// Filters the candidates: options are shown only after the user has typed a hyphen or if there are no other
/// candidates, and only if they are not already on the line or can be repeated.
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

/// Converts a candidate to a line of UTF-8, which a shell's script can read.
fn line(candidate: &CompletionCandidate, typed: &Typed) -> Option<Shown> {
    let value = candidate.get_value().to_str()?;
    // The engine has chosen one of the names of a subcommand; prefer its primary name to its aliases.
    let name = candidate.get_id().and_then(|id| id.strip_prefix("command::"));
    let value = name.filter(|name| name.starts_with(&typed.current)).unwrap_or(value);
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().replace(char::is_control, " ");
    // A terminal would interpret control characters.
    (!value.contains(char::is_control)).then(|| Shown { value: value.to_owned(), help })
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
