//! Parses a command's arguments and improves clap's errors: only likely suggestions, and a usage line for
//! every error.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::command::{Common, is_secret, why_refused};
use crate::console::{echo, printable};
use crate::settings::Origin;
use crate::suggest::{closest, nearest};

/// Parses the words, the first of which is the command's name.
pub(super) fn parse(parser: &mut clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    // Only a word such as `-h` or `-lh` can ask for the brief help: other command lines pay for no second
    // parser.
    let may_be_brief = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with('-') && !word.starts_with("--") && word.contains('h')
    };
    let unbuilt = words.iter().any(may_be_brief).then(|| parser.clone());
    parser.try_get_matches_from_mut(words).map_err(|error| match unbuilt {
        Some(unbuilt) if error.kind() == ErrorKind::DisplayHelp => {
            brief_help(unbuilt, words).unwrap_or(error)
        }
        _ => fitted(error, parser, words, None),
    })
}

/// Returns what `-h` prints. clap does not say whether `-h` or `--help` was first, so a parser that knows
/// only the former parses the words again.
fn brief_help(parser: clap::Command, words: &[OsString]) -> Option<clap::Error> {
    let error = Common::briefly(parser).try_get_matches_from(words).err()?;
    (error.kind() == ErrorKind::DisplayHelp).then_some(error)
}

/// Returns the error with our suggestions and usage line. `origin` is the variable that a wrong value comes
/// from.
pub(super) fn fitted(
    mut error: clap::Error,
    parser: &clap::Command,
    words: &[OsString],
    origin: Option<&Origin>,
) -> clap::Error {
    let is_mistake =
        error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !is_mistake {
        return error;
    }
    let mut built = parser.clone();
    built.build();
    let mut command = level(&built, words, &error).clone();
    let origin = origin.cloned().or_else(|| variable_of(&error, &command, words));
    let source = origin.map(|origin| format!("the value comes from {origin}"));
    if let Some(error) = about_hidden_value(&mut error, &mut command, source.as_deref()) {
        return error;
    }
    if hide_word(&mut error, &path(&built, words), words) {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
        return error;
    }
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
    if let Some(source) = source {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![source.into()]));
    }
    error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
    escape(&mut error);
    error
}

/// Describes an invalid value without repeating it: that of a secret argument, whose possible values are not
/// shown either, or one that is a URL or contains a password.
fn about_hidden_value(
    error: &mut clap::Error,
    command: &mut clap::Command,
    source: Option<&str>,
) -> Option<clap::Error> {
    let name = text(error, ContextKind::InvalidArg)?;
    let is_it = |argument: &&clap::Arg| is_secret(argument) && argument.to_string() == name;
    let is_of_secret = command.get_arguments().any(|argument| is_it(&argument));
    if is_of_secret {
        error.remove(ContextKind::ValidValue);
        error.remove(ContextKind::SuggestedValue);
    }
    let value = text(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
    let echoed = echo(&value);
    if !is_of_secret && echoed == printable(&value) {
        return None;
    }
    let shown = if is_of_secret { String::new() } else { format!(" '{echoed}'") };
    let possible = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!("\n  [possible values: {}]", values.join(", ")),
        _ => String::new(),
    };
    let message = match (error.kind(), why_refused(error, &value)) {
        (ErrorKind::TooManyValues, _) => {
            format!("unexpected value{shown} for '{name}' found; no more were expected")
        }
        (_, Some(why)) => format!("invalid value{shown} for '{name}': {}", printable(&why)),
        (_, None) => format!("invalid value{shown} for '{name}'{possible}"),
    };
    let source = source.map(|source| format!("\n\n  tip: {source}")).unwrap_or_default();
    Some(command.error(error.kind(), message + &source))
}

/// Returns the variable that clap has read a wrong value from.
fn variable_of(error: &clap::Error, command: &clap::Command, words: &[OsString]) -> Option<Origin> {
    let name = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
    let argument = command.get_arguments().find(|argument| argument.to_string() == name)?;
    let variable = argument.get_env()?.to_str()?;
    // The error does not say where the value was: a word of the command line has it, too, if it comes from
    // there.
    let is_typed = words.iter().any(|word| word.to_string_lossy().contains(&value));
    (!is_typed).then(|| Origin::Environment(variable.to_owned()))
}

/// Escapes or omits what an error repeats. clap removes escape sequences, so it would show a word that nobody
/// typed, and keeps other characters that a terminal interprets.
fn escape(error: &mut clap::Error) {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        // Otherwise clap's "invalid argument" is the argument's name.
        let is_typed = kind != ContextKind::InvalidArg || error.kind() == ErrorKind::UnknownArgument;
        let escaped = match error.get(kind) {
            Some(ContextValue::String(text)) if is_typed => ContextValue::String(echo(text).into_owned()),
            Some(ContextValue::String(text)) => ContextValue::String(printable(text).into_owned()),
            Some(ContextValue::Strings(texts)) => {
                ContextValue::Strings(texts.iter().map(|text| printable(text).into_owned()).collect())
            }
            _ => continue,
        };
        error.insert(kind, escaped);
    }
}

/// Omits an unexpected word if a secret was given: without quotes, a secret with spaces becomes several
/// words.
fn hide_word(error: &mut clap::Error, path: &[&clap::Command], words: &[OsString]) -> bool {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => return false,
    };
    let is_given = |argument: &clap::Arg| {
        let long = argument.get_long().map(|long| format!("--{long}"));
        let short = argument.get_short().map(|short| format!("-{short}"));
        let mut names = long.into_iter().chain(short);
        argument.is_positional()
            || names.any(|name| words.iter().any(|word| word.to_string_lossy().starts_with(&name)))
    };
    let mut arguments = path.iter().flat_map(|command| command.get_arguments());
    let is_word = text(error, kind).is_some_and(|word| !word.starts_with('-'));
    let hidden = is_word && arguments.any(|argument| is_secret(argument) && is_given(argument));
    if hidden {
        error.insert(kind, ContextValue::String("(not shown)".to_owned()));
        error.remove(ContextKind::Suggested);
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::SuggestedSubcommand);
    }
    hidden
}

/// Replaces clap's suggestions: clap suggests options that have little in common with the word, and to pass
/// any other one as a value.
fn suggest_option(error: &mut clap::Error, command: &clap::Command) {
    let word = text(error, ContextKind::InvalidArg).unwrap_or_default();
    // For a word that is not an option clap already suggests `--`.
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

/// Returns the command or the subcommand that the error is about.
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
    // Otherwise it is about a value: the innermost command that has the argument.
    let argument = text(error, ContextKind::InvalidArg);
    let path = path(parser, words);
    let has_it =
        |command: &&&clap::Command| command.get_arguments().any(|known| Some(known.to_string()) == argument);
    path.iter().rev().find(has_it).or(path.last()).copied().unwrap_or(parser)
}

/// Returns the commands that the words select, the outermost first.
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
