//! Parses a command's words, and completes clap's errors: suggestions only of what was probably meant, and a usage line for
//! every mistake.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::suggest::{closest, nearest};

/// Reads the words, the first of which is the command's name.
pub(super) fn parse(parser: &mut clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    parser.try_get_matches_from_mut(words).map_err(|error| fitted(error, parser, words))
}

/// The error with our suggestions and usage line.
fn fitted(mut error: clap::Error, parser: &clap::Command, words: &[OsString]) -> clap::Error {
    let is_mistake =
        error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !is_mistake {
        return error;
    }
    let mut built = parser.clone();
    built.build();
    let mut command = level(&built, words, &error).clone();
    match error.kind() {
        ErrorKind::UnknownArgument => suggest_option(&mut error, &command),
        ErrorKind::InvalidSubcommand => {
            let names = command.get_subcommands().filter(|inner| !inner.is_hide_set());
            let names: Vec<&str> = names.map(clap::Command::get_name).collect();
            let word = text(&error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let meant = closest(&word, names).map(str::to_owned);
            replace(&mut error, ContextKind::SuggestedSubcommand, meant.map(|meant| vec![meant]));
            error.remove(ContextKind::Suggested);
        }
        ErrorKind::InvalidValue => {
            let word = text(&error, ContextKind::InvalidValue).unwrap_or_default();
            let meant = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(values)) => {
                    nearest(&word, values.iter().map(String::as_str)).map(str::to_owned)
                }
                _ => None,
            };
            replace(&mut error, ContextKind::SuggestedValue, meant);
        }
        _ => {}
    }
    error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
    error
}

/// clap suggests options that have little in common with the word, and to pass any other one as a value.
fn suggest_option(error: &mut clap::Error, command: &clap::Command) {
    let word = text(error, ContextKind::InvalidArg).unwrap_or_default();
    // For a word that is not an option clap already says that it follows a `--`.
    if !word.starts_with('-') {
        return;
    }
    error.remove(ContextKind::Suggested);
    let Some(long) = word.strip_prefix("--") else {
        error.remove(ContextKind::SuggestedArg);
        return;
    };
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let names = shown.flat_map(|argument| {
        argument.get_long().into_iter().chain(argument.get_visible_aliases().unwrap_or_default())
    });
    let names: Vec<String> = names.map(str::to_owned).collect();
    let meant = nearest(long, names.iter().map(String::as_str)).map(|meant| format!("--{meant}"));
    replace(error, ContextKind::SuggestedArg, meant);
    let has_it =
        |inner: &&clap::Command| inner.get_arguments().any(|argument| argument.get_long() == Some(long));
    if let Some(inner) = command.get_subcommands().filter(|inner| !inner.is_hide_set()).find(has_it) {
        let exists = StyledStr::from(format!("'{} {word}' exists", inner.get_name()));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![exists]));
    }
}

fn replace(error: &mut clap::Error, kind: ContextKind, value: Option<impl Into<Suggestion>>) {
    match value {
        Some(value) => drop(error.insert(kind, value.into().0)),
        None => drop(error.remove(kind)),
    }
}

struct Suggestion(ContextValue);

impl From<String> for Suggestion {
    fn from(text: String) -> Self {
        Self(ContextValue::String(text))
    }
}

impl From<Vec<String>> for Suggestion {
    fn from(texts: Vec<String>) -> Self {
        Self(ContextValue::Strings(texts))
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The command, or the subcommand, that the error is about.
fn level<'a>(parser: &'a clap::Command, words: &[OsString], error: &clap::Error) -> &'a clap::Command {
    // clap says so itself where it has a usage line.
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let is_of = |command: &clap::Command| {
            let rest =
                command.get_bin_name().and_then(|name| usage.strip_prefix("Usage: ")?.strip_prefix(name));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| !c.is_whitespace()))
        };
        let mut command = parser;
        while let Some(inner) = command.get_subcommands().find(|inner| is_of(inner)) {
            command = inner;
        }
        return command;
    }
    // Else it is about a value: the innermost command that has the argument.
    let argument = text(error, ContextKind::InvalidArg);
    let path = path(parser, words);
    let has_it =
        |command: &&&clap::Command| command.get_arguments().any(|known| Some(known.to_string()) == argument);
    path.iter().rev().find(has_it).or(path.last()).copied().unwrap_or(parser)
}

/// The commands that the words lead through, the first of which is the outermost.
pub(super) fn path<'a>(parser: &'a clap::Command, words: &[OsString]) -> Vec<&'a clap::Command> {
    let matches = parser.clone().ignore_errors(true).try_get_matches_from(words).ok();
    let (mut path, mut at) = (vec![parser], matches.as_ref());
    while let Some((name, below)) = at.and_then(ArgMatches::subcommand) {
        match path.last().and_then(|command| command.find_subcommand(name)) {
            Some(command) => path.push(command),
            None => break,
        }
        at = Some(below);
    }
    path
}
