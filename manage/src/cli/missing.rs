//! Asks for required arguments that are missing, for a command that wants it so.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::ErrorKind;

use crate::command::Found;
use crate::{Context, Result};

/// Whether the error is one that questions may mend, and the command wants that.
pub(super) fn can_be_asked_for(found: &Found, error: &clap::Error) -> bool {
    found.command().properties().prompts_for_missing && error.kind() == ErrorKind::MissingRequiredArgument
}

/// Asks for what is missing, as long as there is somebody to ask.
#[cfg(feature = "terminal")]
pub(super) fn ask(
    cx: &Context,
    parser: &mut clap::Command,
    mut words: Vec<OsString>,
    mut error: clap::Error,
) -> Result<ArgMatches> {
    // Behind `--` an option would be taken for a value.
    let can_ask = cx.can_ask() && !words.iter().any(|word| word == "--");
    let mut positional = Vec::new();
    loop {
        let arg = match missing(parser, &line(&words, &positional), &error) {
            Some(arg) if can_ask => arg,
            _ => return Err(error.into()),
        };
        error = loop {
            let value = value_of(cx, &arg)?;
            let (mut longer, mut places) = (words.clone(), positional.clone());
            match arg.get_long() {
                Some(long) => longer.push(format!("--{long}={value}").into()),
                None => places.push(value),
            }
            match parser.try_get_matches_from_mut(line(&longer, &places)) {
                Ok(matches) => return Ok(matches),
                Err(error) if is_about_a_value(&error) => cx.error(first_line(&error))?,
                // One question after the other: what else is missing may depend on this answer.
                Err(error) => {
                    (words, positional) = (longer, places);
                    break error;
                }
            }
        };
    }
}

/// The words of a command line, with values that are told by their place at the end.
#[cfg(feature = "terminal")]
fn line(words: &[OsString], positional: &[String]) -> Vec<OsString> {
    // A value that begins with a hyphen is no option.
    let escape = positional.iter().any(|value| value.starts_with('-')).then(|| "--".into());
    words.iter().cloned().chain(escape).chain(positional.iter().map(OsString::from)).collect()
}

#[cfg(feature = "terminal")]
fn is_about_a_value(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8)
}

/// What is wrong with a value, without the usage behind it.
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

/// The first of the arguments that an error says are missing; none if it says something else, or one of them cannot be asked for.
#[cfg(feature = "terminal")]
fn missing(parser: &clap::Command, words: &[OsString], error: &clap::Error) -> Option<clap::Arg> {
    use clap::error::{ContextKind, ContextValue};

    let Some(ContextValue::Strings(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    // In the order of the command's own, as its help has them.
    let wanted = |arg: &&clap::Arg| shown.contains(&arg.to_string());
    let inner = innermost(parser, words);
    let found: Vec<&clap::Arg> = inner.get_arguments().filter(wanted).collect();
    // What stands for several arguments, such as a group, cannot be asked for.
    (found.len() == shown.len()).then(|| found.first().copied().cloned()).flatten()
}

/// The parser of the subcommand that the words lead to: what is added at the end of the line is its.
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
    use std::any::TypeId;

    use crate::settings::Secret;

    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    let question = match arg.get_help() {
        Some(help) => help.to_string(),
        None => name.unwrap_or(arg.get_id().as_str()).to_owned(),
    };
    let prompt = cx.prompt(question);
    if arg.get_value_parser().type_id() == TypeId::of::<Secret>() {
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
