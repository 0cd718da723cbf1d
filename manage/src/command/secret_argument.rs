//! Arguments whose value is a secret: what help, descriptions and errors omit.

use std::any::TypeId;
use std::sync::Arc;

use clap::Arg;

use crate::console::{is_connection, names_secret};
use crate::settings::Secret;

/// Returns whether the value of an argument is a [`Secret`], or a list or an option of it. Its parser shows
/// that, whatever the type is called in the argument's source.
pub(crate) fn is_secret(argument: &Arg) -> bool {
    let value = argument.get_value_parser().type_id();
    [
        TypeId::of::<Secret>(),
        TypeId::of::<Option<Secret>>(),
        TypeId::of::<Option<Option<Secret>>>(),
        TypeId::of::<Vec<Secret>>(),
        TypeId::of::<Option<Vec<Secret>>>(),
        TypeId::of::<Box<Secret>>(),
        TypeId::of::<Arc<Secret>>(),
    ]
    .iter()
    .any(|secret| value == *secret)
}

/// Hides the values of secret arguments in the help: the default, the possible values, and that of a
/// variable. For any argument, hides the value of a variable whose name is a secret's or which contains a
/// URL.
pub(crate) fn hide_secrets(parser: clap::Command) -> clap::Command {
    parser
        .mut_args(|argument| {
            if is_secret(&argument) {
                return argument.hide_default_value(true).hide_possible_values(true).hide_env_values(true);
            }
            let shows_secret = argument.get_env().is_some_and(|name| {
                let value = std::env::var_os(name).unwrap_or_default();
                names_secret(&name.to_string_lossy()) || is_connection(&value.to_string_lossy())
            });
            if shows_secret { argument.hide_env_values(true) } else { argument }
        })
        .mut_subcommands(hide_secrets)
}

/// Returns why the parser rejects a value of a secret argument, without the value.
pub(crate) fn why_refused(error: &clap::Error, value: &str) -> Option<String> {
    let why = std::error::Error::source(error)?.to_string();
    if value.is_empty() {
        return Some(why);
    }
    let escaped = format!("{value:?}");
    Some(why.replace(value, "…").replace(escaped.trim_matches('"'), "…"))
}
