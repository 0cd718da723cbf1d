//! Arguments and options, as clap describes them.

use serde::Serialize;

/// A value, or several, that a command takes.
#[derive(Clone, Debug, Serialize)]
pub struct Argument {
    /// What the help calls the value: `NAME`. An option that takes none has its own name here.
    pub name: String,
    /// One line; may be empty.
    pub help: String,
    /// The whole text, where it is longer.
    pub long_help: Option<String>,
    /// Whether there must be one.
    pub required: bool,
    /// The fewest values that one mention takes; 0 for a flag.
    pub min_values: usize,
    /// The most values that one mention takes; none where there is no limit.
    pub max_values: Option<usize>,
    /// Whether it may be given more than once.
    pub repeatable: bool,
    /// What counts when it is not given.
    pub default: Vec<String>,
    /// The values that there are, where these are the only ones.
    pub possible_values: Vec<PossibleValue>,
    /// Whether the help leaves it out.
    pub hidden: bool,
    /// Whether it stands behind `--`.
    pub last: bool,
}

/// An argument that has a name on the command line.
#[derive(Clone, Debug, Serialize)]
pub struct CommandOption {
    /// `--long`, without the hyphens.
    pub long: Option<String>,
    /// `-s`, without the hyphen.
    pub short: Option<char>,
    /// Further long names.
    pub aliases: Vec<String>,
    /// Whether a value follows it.
    pub takes_value: bool,
    /// What it has in common with an argument.
    #[serde(flatten)]
    pub argument: Argument,
}

/// One of the only values that there are.
#[derive(Clone, Debug, Serialize)]
pub struct PossibleValue {
    /// What a person types.
    pub name: String,
    /// One line; may be empty.
    pub help: String,
    /// Further names.
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
            default: match takes_value {
                true => argument.get_default_values().iter().map(|value| text(value)).collect(),
                // That a flag is false when it is not given says nothing.
                false => Vec::new(),
            },
            possible_values: match takes_value {
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
