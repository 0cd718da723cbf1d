//! Arguments and options, as clap describes them.

use serde::Serialize;

use crate::command::is_secret;

/// A value, or several, that a command takes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Argument {
    /// The name of the value in the help: `NAME`. An option without a value has its own name here.
    pub name: String,
    /// One line; may be empty.
    pub help: String,
    /// The whole text, if it is longer.
    pub long_help: Option<String>,
    /// Whether it is required.
    pub required: bool,
    /// The minimum number of values of one occurrence; 0 for a flag.
    pub min_values: usize,
    /// The maximum number of values of one occurrence, if limited.
    pub max_values: Option<usize>,
    /// Whether it may be given more than once.
    pub repeatable: bool,
    /// The values if it is not given.
    pub default: Vec<String>,
    /// The only valid values, if they are limited.
    pub possible_values: Vec<PossibleValue>,
    /// Whether the help hides it.
    pub hidden: bool,
    /// Whether it follows `--`.
    pub last: bool,
}

/// An argument that has a name on the command line.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CommandOption {
    /// `--long`, without the hyphens.
    pub long: Option<String>,
    /// `-s`, without the hyphen.
    pub short: Option<char>,
    /// Further long names.
    pub aliases: Vec<String>,
    /// Whether a value follows it.
    pub takes_value: bool,
    /// Whether the value must follow `=`, as in `--long=value`, and not a space.
    pub requires_equals: bool,
    /// What it has in common with an argument.
    #[serde(flatten)]
    pub argument: Argument,
}

/// One of the possible values.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PossibleValue {
    /// The name on the command line.
    pub name: String,
    /// One line; may be empty.
    pub help: String,
    /// Aliases.
    pub aliases: Vec<String>,
}

impl Argument {
    pub(super) fn of(argument: &clap::Arg) -> Self {
        let id = argument.get_id().as_str();
        // The ids of the common options have two parts.
        let id = id.rsplit("::").next().unwrap_or(id).to_owned();
        let takes_value = argument.get_action().takes_values();
        let names = argument.get_value_names().filter(|_| takes_value).unwrap_or_default();
        let name = if names.is_empty() { id } else { names.join(" ") };
        let range =
            argument.get_num_args().filter(|_| takes_value).unwrap_or(clap::builder::ValueRange::EMPTY);
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
        Self {
            name,
            long_help: argument.get_long_help().map(ToString::to_string).filter(|long| *long != help),
            help,
            required: argument.is_required_set(),
            min_values: range.min_values(),
            max_values: Some(range.max_values()).filter(|most| *most < usize::MAX),
            repeatable: matches!(argument.get_action(), clap::ArgAction::Append | clap::ArgAction::Count),
            default: match takes_value && !is_secret(argument) {
                true => argument.get_default_values().iter().map(|value| text(value)).collect(),
                // The default of a flag is always false, and the help must not show a secret.
                false => Vec::new(),
            },
            possible_values: match takes_value && !is_secret(argument) {
                true => argument
                    .get_possible_values()
                    .iter()
                    .filter(|value| !value.is_hide_set())
                    .map(PossibleValue::of)
                    .collect(),
                false => Vec::new(),
            },
            hidden: argument.is_hide_set(),
            last: argument.is_last_set(),
        }
    }
}

impl CommandOption {
    pub(super) fn of(argument: &clap::Arg) -> Self {
        let aliases = argument.get_visible_aliases().unwrap_or_default();
        Self {
            long: argument.get_long().map(str::to_owned),
            short: argument.get_short(),
            aliases: aliases.into_iter().map(str::to_owned).collect(),
            takes_value: argument.get_action().takes_values(),
            requires_equals: argument.is_require_equals_set(),
            argument: Argument::of(argument),
        }
    }
}

impl PossibleValue {
    fn of(value: &clap::builder::PossibleValue) -> Self {
        let mut names = value.get_name_and_aliases();
        Self {
            name: names.next().unwrap_or_default().to_owned(),
            aliases: names.map(str::to_owned).collect(),
            help: value.get_help().map(ToString::to_string).unwrap_or_default(),
        }
    }
}
