//! The variables of arguments, `#[arg(env = "…")]`, that clap does not see: those of `.env`, and of another
//! environment than the process's.

use clap::Arg;

use super::is_secret;
use crate::console::{is_connection, names_secret, printable};
use crate::settings::{ArgumentVariables, Source};

/// Returns the parser whose help shows the values of variables as clap does, also of those that clap does not
/// see.
pub(crate) fn showing_variables(mut parser: clap::Command, source: &Source) -> clap::Command {
    let variables = ArgumentVariables::for_help(source);
    if !is_any_argument(&parser, &|argument| has_unseen_variable(argument, &variables)) {
        return parser;
    }
    change_arguments(&mut parser, &|argument| {
        let Some(name) = argument.get_env().map(|name| name.to_string_lossy().into_owned()) else {
            return argument;
        };
        if !has_unseen_variable(&argument, &variables)
            || is_secret(&argument)
            || argument.is_hide_env_values_set()
        {
            return argument;
        }
        let value = variables.get(&name, false).ok().flatten().map(|(value, _)| value).unwrap_or_default();
        match names_secret(&name) || is_connection(value.expose()) {
            true => argument.hide_env_values(true),
            // clap writes the name and the value so; as a name, it is looked up in vain.
            false => argument.env(format!("{name}={}", printable(value.expose()))).hide_env_values(true),
        }
    });
    parser
}

/// Returns whether an argument has a variable that clap does not see as we do.
pub(crate) fn has_unseen_variable(argument: &Arg, variables: &ArgumentVariables) -> bool {
    argument
        .get_env()
        .and_then(|name| name.to_str())
        .is_some_and(|name| !variables.is_known_to_clap(name, is_secret(argument)))
}

/// Returns whether an argument of a command, or of its subcommands, is so.
pub(crate) fn is_any_argument(parser: &clap::Command, is_it: &impl Fn(&Arg) -> bool) -> bool {
    parser.get_arguments().any(is_it) || parser.get_subcommands().any(|inner| is_any_argument(inner, is_it))
}

/// Changes the arguments of a command and of its subcommands.
pub(crate) fn change_arguments(parser: &mut clap::Command, how: &impl Fn(Arg) -> Arg) {
    fn changed(parser: clap::Command, how: &impl Fn(Arg) -> Arg) -> clap::Command {
        parser.mut_args(how).mut_subcommands(|inner| changed(inner, how))
    }
    *parser = changed(std::mem::take(parser), how);
}
