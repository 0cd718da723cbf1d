//! Values of `.env`, and of the environment of a project in a test, for arguments with `#[arg(env = "…")]`.
//!
//! clap reads the process's environment alone, when the argument is made, and takes no value from anywhere
//! else. So an argument that the command line does not give, and whose variable only we can read, is given on
//! the command line after all: as an option with a name that nobody types. Errors and usage lines still name
//! the argument as it is written.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::parse::{fitted, parse, path};
use crate::command::{change_arguments, has_unseen_variable, is_any_argument, is_secret, showing_variables};
use crate::settings::{ArgumentVariables, Origin, Secret, SettingsError, Source};

/// A command line in which options stand in for variables.
pub(super) struct StandIns {
    /// The parser and the words as they are without them.
    parser: clap::Command,
    words: Vec<OsString>,
    given: Vec<Given>,
}

/// An argument that a variable gives.
struct Given {
    /// The names of the subcommands that lead to its command.
    path: Vec<String>,
    argument: Arg,
    value: Secret,
    origin: Origin,
    /// The name of the option that stands in for it.
    name: String,
}

impl StandIns {
    /// Makes stand-ins for the variables that clap does not see, and puts them into the parser and the words.
    /// Nothing is read unless an argument has a variable that the process's environment lacks.
    pub(super) fn prepare(
        parser: &mut clap::Command,
        words: &mut Vec<OsString>,
        source: &Source,
    ) -> Result<Option<Self>, SettingsError> {
        let variables = ArgumentVariables::new(source);
        if !is_any_argument(parser, &|argument| has_unseen_variable(argument, &variables)) {
            return Ok(None);
        }
        let original = parser.clone();
        change_arguments(parser, &|argument| match has_unseen_variable(&argument, &variables) {
            true => argument.env(Resettable::Reset),
            false => argument,
        });
        let matches = match parser.clone().try_get_matches_from(words.iter()) {
            Ok(matches) => matches,
            Err(error) if is_about_what_is_missing(error.kind()) => {
                match parser.clone().ignore_errors(true).try_get_matches_from(words.iter()) {
                    Ok(matches) => matches,
                    Err(_) => return Ok(None),
                }
            }
            Err(error) => {
                if error.kind() == ErrorKind::DisplayHelp {
                    *parser = showing_variables(original, source);
                }
                return Ok(None);
            }
        };
        let given = given(&original, &matches, &variables)?;
        if given.is_empty() {
            return Ok(None);
        }
        let stand_ins = Self { parser: original, words: words.clone(), given };
        stand_ins.insert(parser, words);
        Ok(Some(stand_ins))
    }

    fn insert(&self, parser: &mut clap::Command, words: &mut Vec<OsString>) {
        let places: Vec<usize> =
            self.given.iter().map(|given| place(parser, words, given.path.len())).collect();
        for (given, place) in self.given.iter().zip(places).rev() {
            at(parser, &given.path, &|command| {
                command.mut_arg(given.argument.get_id(), |argument| stand_in(argument, &given.name))
            });
            words.insert(place, format!("--{}={}", given.name, given.value.expose()).into());
        }
    }

    /// Returns the parser as it is without stand-ins, for what runs next.
    pub(super) fn into_parser(mut self) -> clap::Command {
        self.parser.build();
        self.parser
    }

    /// Returns an error of the parser as if there were no stand-ins; where one is about a variable's value,
    /// with the variable.
    fn restore(&self, mut error: clap::Error, parser: &clap::Command) -> clap::Error {
        let (mut with, mut without) = (parser.clone(), self.parser.clone());
        with.build();
        without.build();
        let mut culprit = None;
        for given in &self.given {
            let shown = |parser: &clap::Command| {
                let command =
                    given.path.iter().try_fold(parser, |command, name| command.find_subcommand(name))?;
                let argument =
                    command.get_arguments().find(|argument| argument.get_id() == given.argument.get_id())?;
                Some(argument.to_string())
            };
            let (Some(stand_in), Some(original)) = (shown(&with), shown(&without)) else { continue };
            for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
                let renamed = match error.get(kind) {
                    Some(ContextValue::String(name)) if *name == stand_in => {
                        if kind == ContextKind::InvalidArg {
                            culprit = Some(given);
                        }
                        ContextValue::String(original.clone())
                    }
                    Some(ContextValue::Strings(names)) => ContextValue::Strings(
                        names
                            .iter()
                            .map(|name| if *name == stand_in { &original } else { name })
                            .cloned()
                            .collect(),
                    ),
                    _ => continue,
                };
                error.insert(kind, renamed);
            }
        }
        let about_value = matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
        let origin = culprit.filter(|_| about_value).map(|given| &given.origin);
        fitted(error, &self.parser, &self.words, origin)
    }
}

/// Parses the words, in which there may be stand-ins.
pub(super) fn parse_with(
    parser: &mut clap::Command,
    words: &[OsString],
    stand_ins: Option<&StandIns>,
) -> Result<ArgMatches, clap::Error> {
    let Some(stand_ins) = stand_ins else { return parse(parser, words) };
    parser.try_get_matches_from_mut(words).map_err(|error| match error.use_stderr() {
        true => stand_ins.restore(error, parser),
        false => error,
    })
}

/// Changes a command or a subcommand.
fn at(parser: &mut clap::Command, path: &[String], how: &dyn Fn(clap::Command) -> clap::Command) {
    fn changed(
        command: clap::Command,
        path: &[String],
        how: &dyn Fn(clap::Command) -> clap::Command,
    ) -> clap::Command {
        match path.split_first() {
            Some((name, rest)) => command.mut_subcommand(name, |inner| changed(inner, rest, how)),
            None => how(command),
        }
    }
    *parser = changed(std::mem::take(parser), path, how);
}

/// Returns whether clap finds the error after it has read all words.
fn is_about_what_is_missing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::ArgumentConflict
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Returns the arguments that the command line leaves out, and that have a variable.
fn given(
    parser: &clap::Command,
    matches: &ArgMatches,
    variables: &ArgumentVariables,
) -> Result<Vec<Given>, SettingsError> {
    let (mut found, mut path): (Vec<Given>, _) = (Vec::new(), Vec::new());
    let (mut command, mut matches) = (parser, matches);
    loop {
        for argument in command.get_arguments().filter(|argument| has_unseen_variable(argument, variables)) {
            let is_typed = matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
            let Some(name) = argument.get_env().filter(|_| !is_typed) else { continue };
            let Some((value, origin)) = variables.get(&name.to_string_lossy(), is_secret(argument))? else {
                continue;
            };
            let name = format!("{}-from-variable-{}", argument.get_id(), found.len());
            found.push(Given { path: path.clone(), argument: argument.clone(), value, origin, name });
        }
        let Some((name, inner)) = matches.subcommand() else { return Ok(found) };
        let Some(subcommand) = command.find_subcommand(name) else { return Ok(found) };
        path.push(subcommand.get_name().to_owned());
        (command, matches) = (subcommand, inner);
    }
}

/// Returns where the options of a subcommand so deep may be inserted: behind its name.
fn place(parser: &clap::Command, words: &[OsString], depth: usize) -> usize {
    let (mut low, mut high) = (1, words.len());
    while low < high {
        let middle = low.midpoint(high);
        match path(parser, &words[..middle]).len() > depth {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// Returns the option that stands in for an argument: it takes one value.
fn stand_in(argument: Arg, name: &str) -> Arg {
    let value = argument.get_value_parser().type_id();
    let argument = match argument.get_action() {
        // Without a parser of its own, a flag gets one when its parser is built.
        ArgAction::SetTrue | ArgAction::SetFalse if value == std::any::TypeId::of::<String>() => {
            argument.value_parser(value_parser!(bool)).action(ArgAction::Set)
        }
        ArgAction::Count if value == std::any::TypeId::of::<String>() => {
            argument.value_parser(value_parser!(u8)).action(ArgAction::Set)
        }
        action if !action.takes_values() => argument.action(ArgAction::Set),
        _ => argument,
    };
    argument
        .index(Resettable::Reset)
        .last(false)
        .trailing_var_arg(false)
        .require_equals(false)
        .num_args(1)
        .value_names(["VALUE"])
        .long(name.to_owned())
        .hide(true)
}
