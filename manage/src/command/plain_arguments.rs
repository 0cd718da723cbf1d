//! Arguments that `#[command]` declares without clap's derive.

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// An argument, as its attributes and its type say.
#[derive(Debug)]
pub struct PlainArgument {
    /// The parameter's name.
    pub id: &'static str,
    /// Its letter: `-l`.
    pub short: Option<char>,
    /// Its long name: `--limit`.
    pub long: Option<&'static str>,
    /// What the help shows in place of a value.
    pub value_name: &'static str,
    /// Empty if there is none.
    pub help: &'static str,
    /// How it is given.
    pub form: Form,
    /// Makes what reads its values.
    pub parser: fn() -> ValueParser,
}

/// How an argument is given.
#[derive(Debug)]
pub enum Form {
    /// It must be given.
    Required,
    /// It has this value, as text, unless it is given.
    Default(fn() -> &'static str),
    /// It may be missing.
    Optional,
    /// It may be given several times, or not at all.
    List,
    /// It has no value.
    Flag,
}

impl PlainArgument {
    fn arg(&self) -> Arg {
        let is_positional = self.short.is_none() && self.long.is_none();
        let mut arg = Arg::new(self.id).value_name(self.value_name).value_parser((self.parser)());
        arg = match self.form {
            Form::Required => arg.required(true).action(ArgAction::Set),
            Form::Default(text) => arg.default_value(text()).action(ArgAction::Set),
            Form::Optional => arg.action(ArgAction::Set),
            Form::List if is_positional => arg.num_args(1..).action(ArgAction::Append),
            Form::List => arg.action(ArgAction::Append),
            Form::Flag => arg.action(ArgAction::SetTrue),
        };
        if let Some(letter) = self.short {
            arg = arg.short(letter);
        }
        if let Some(name) = self.long {
            arg = arg.long(name);
        }
        if self.help.is_empty() { arg } else { arg.help(self.help) }
    }
}

/// Adds arguments to a parser.
#[must_use]
pub fn with_arguments(parser: Command, arguments: &'static [PlainArgument]) -> Command {
    parser.args(arguments.iter().map(PlainArgument::arg))
}

/// Returns the value of an argument that always has one.
pub fn required_value<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    id: &str,
) -> Result<T, clap::Error> {
    optional_value(matches, id)?.ok_or_else(|| {
        let message = format!("the following required argument was not provided: {id}");
        clap::Error::raw(ErrorKind::MissingRequiredArgument, message)
    })
}

/// Returns the value of an argument, if it is given.
pub fn optional_value<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    id: &str,
) -> Result<Option<T>, clap::Error> {
    Ok(matches.get_one::<T>(id).cloned())
}

/// Returns the values of an argument.
pub fn listed_values<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    id: &str,
) -> Result<Vec<T>, clap::Error> {
    Ok(matches.get_many::<T>(id).map(|values| values.cloned().collect()).unwrap_or_default())
}
