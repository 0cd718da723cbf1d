//! Prompts for missing required arguments, for commands with `prompts_for_missing`.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::ErrorKind;

#[cfg(feature = "terminal")]
use super::parse::parse;
#[cfg(feature = "terminal")]
use crate::command::is_secret;
use crate::command::{Context, RegisteredCommand};
use crate::error::Result;

/// Returns whether prompting may fix the error and the command allows it.
pub(super) fn can_be_asked_for(found: &RegisteredCommand, error: &clap::Error) -> bool {
    found.command().properties().prompts_for_missing && error.kind() == ErrorKind::MissingRequiredArgument
}

/// Prompts for the missing arguments, if there is a user at a terminal.
#[cfg(feature = "terminal")]
pub(super) fn ask(
    cx: &Context,
    parser: &mut clap::Command,
    words: Vec<OsString>,
    mut error: clap::Error,
) -> Result<ArgMatches> {
    // After `--` an option would be parsed as a value.
    let can_ask = cx.can_ask() && !words.iter().any(|word| word == "--");
    let mut line = Line { words, places: Vec::new() };
    loop {
        let missing = match missing(parser, &line.all(), &error) {
            Some(missing) if can_ask => missing,
            _ => return Err(error.into()),
        };
        error = loop {
            let longer = line.with(&missing, value_of(cx, &missing.argument)?);
            match parse(parser, &longer.all()) {
                Ok(matches) => return Ok(matches),
                Err(error) if is_about_a_value(&error) => cx.error(first_line(&error))?,
                // One prompt at a time: further missing arguments may depend on this answer.
                Err(error) => {
                    line = longer;
                    break error;
                }
            }
        };
    }
}

/// A command line to which answers are added.
#[cfg(feature = "terminal")]
#[derive(Clone)]
struct Line {
    words: Vec<OsString>,
    /// Positional values.
    places: Vec<OsString>,
}

#[cfg(feature = "terminal")]
impl Line {
    fn with(&self, missing: &Missing, value: String) -> Self {
        let mut longer = self.clone();
        let argument = &missing.argument;
        let option = match (argument.get_long(), argument.get_short()) {
            (Some(long), _) => format!("--{long}={value}"),
            (None, Some(short)) => format!("-{short}={value}"),
            (None, None) => {
                longer.places.push(value.into());
                return longer;
            }
        };
        // What is at the end belongs to the subcommand; the command's own options follow its name.
        let at = if missing.is_of_subcommand { longer.words.len() } else { 1 };
        longer.words.insert(at, option.into());
        longer
    }

    /// Returns the whole line. After `--` no value is parsed as an option, or as another value of the option
    /// before it.
    fn all(&self) -> Vec<OsString> {
        let escape = (!self.places.is_empty()).then(|| "--".into());
        self.words.iter().cloned().chain(escape).chain(self.places.iter().cloned()).collect()
    }
}

#[cfg(feature = "terminal")]
fn is_about_a_value(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8)
}

/// Returns what is wrong with a value, without the usage line.
#[cfg(feature = "terminal")]
fn first_line(error: &clap::Error) -> String {
    let text = crate::command::usage_text(error);
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(not(feature = "terminal"))]
pub(super) fn ask(
    _cx: &Context,
    _parser: &mut clap::Command,
    _words: Vec<OsString>,
    error: clap::Error,
) -> Result<ArgMatches> {
    Err(error.into())
}

/// An argument to prompt for.
#[cfg(feature = "terminal")]
struct Missing {
    argument: clap::Arg,
    /// Whether it belongs to the innermost subcommand, or to a command without subcommands.
    is_of_subcommand: bool,
}

/// Returns the first argument that an error reports as missing; none if it is another error, or if one of
/// them cannot be prompted for.
#[cfg(feature = "terminal")]
fn missing(parser: &clap::Command, words: &[OsString], error: &clap::Error) -> Option<Missing> {
    use clap::error::{ContextKind, ContextValue};

    let Some(ContextValue::Strings(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let innermost = innermost(parser, words);
    // In the order of the command's help. There is no prompt for a group of arguments or an argument with
    // several values.
    let of = |command: &clap::Command| {
        let wanted = |argument: &&clap::Arg| shown.contains(&argument.to_string());
        let found: Vec<clap::Arg> = command.get_arguments().filter(wanted).cloned().collect();
        let is_one = |argument: &clap::Arg| {
            argument.get_num_args().is_none_or(|count| count.min_values() <= 1) && !argument.is_last_set()
        };
        (found.len() == shown.len() && found.iter().all(is_one)).then_some(found)
    };
    if let Some(found) = of(&innermost) {
        return Some(Missing { argument: found.into_iter().next()?, is_of_subcommand: true });
    }
    let argument = of(parser)?.into_iter().next()?;
    (!argument.is_positional()).then_some(Missing { argument, is_of_subcommand: false })
}

/// Returns the parser of the innermost subcommand: words appended to the line belong to it.
#[cfg(feature = "terminal")]
fn innermost(parser: &clap::Command, words: &[OsString]) -> clap::Command {
    let mut inner = parser.clone();
    let matches = parser.clone().ignore_errors(true).try_get_matches_from(words).ok();
    let mut at = matches.as_ref();
    while let Some((name, below)) = at.and_then(ArgMatches::subcommand) {
        match inner.find_subcommand(name) {
            Some(command) => inner = command.clone(),
            None => break,
        }
        at = Some(below);
    }
    inner
}

#[cfg(feature = "terminal")]
fn value_of(cx: &Context, arg: &clap::Arg) -> Result<String> {
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    let question = match arg.get_help() {
        Some(help) => help.to_string(),
        None => name.unwrap_or(arg.get_id().as_str()).to_owned(),
    };
    let prompt = cx.prompt(question);
    if is_secret(arg) {
        return Ok(prompt.secret()?.expose().to_owned());
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if values.is_empty() { prompt.text() } else { Ok(values[prompt.choice(&values)?].clone()) }
}
