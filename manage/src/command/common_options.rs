//! The options that every command takes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};

use super::common_option::CommonOption;
use crate::console::ColorChoice;

/// The heading of these options in `--help`, after the command's own.
const HEADING: &str = "Common options";

/// How many of them `-h` names.
const LISTED: usize = 4;

/// The values of the common options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Common {
    pub(crate) verbosity: Option<u8>,
    pub(crate) settings: Option<PathBuf>,
    pub(crate) traceback: bool,
    pub(crate) no_color: bool,
    pub(crate) force_color: bool,
    pub(crate) skip_checks: bool,
    pub(crate) profile: bool,
    pub(crate) isolated: bool,
    pub(crate) isolated_key: Option<String>,
    pub(crate) isolated_wait: Option<u32>,
    pub(crate) no_input: bool,
}

/// A common option, or its letter, that an option of a command hides.
pub(crate) struct HiddenOption {
    /// The command's own: `-v`.
    pub(crate) own: String,
    /// The hidden one: `--verbosity`.
    pub(crate) common: String,
    /// Its name in `without`, if it can be left out.
    pub(crate) without: Option<String>,
}

impl Common {
    /// Adds the common options to a parser and its subcommands, except those that the command leaves out. A
    /// command's own option of the same name takes precedence.
    pub(crate) fn add_to(parser: clap::Command, without: &[CommonOption]) -> clap::Command {
        // Not as clap's global options: clap panics if a subcommand has an option of the same name.
        Self::add_here(parser, without).mut_subcommands(|inner| {
            let inner = inner.version(super::VERSION).disable_help_flag(true).disable_version_flag(true);
            Self::add_to(inner, without)
        })
    }

    /// Finds the flags in a command line that cannot be parsed, or not yet. After `--` they are values.
    pub(crate) fn prescan_flags(words: &[OsString]) -> Self {
        let words = || words.iter().take_while(|word| *word != "--");
        let has = |names: &[&str]| words().any(|word| names.iter().any(|name| word == name));
        Self {
            no_color: has(&["--no-color"]),
            force_color: has(&["--force-color"]),
            no_input: has(&["--noinput", "--no-input"]),
            ..Self::default()
        }
    }

    fn add_here(parser: clap::Command, without: &[CommonOption]) -> clap::Command {
        let is_left_out = |name: &str| without.iter().any(|option| option.name() == name);
        let is_free = |option: &Arg| !names(option).any(|name| is_left_out(name) || has_long(&parser, name));
        let mut added: Vec<Arg> = options().into_iter().filter(is_free).collect();
        // clap panics over a conflict with an option that does not exist.
        let has_both = [NO_COLOR, FORCE_COLOR].map(|id| added.iter().any(|option| option.get_id() == id));
        for option in &mut added {
            let letter = option.get_short();
            let is_taken = |letter| is_left_out(&format!("-{letter}")) || has_short(&parser, letter);
            let mut kept = std::mem::take(option);
            if letter.is_some_and(is_taken) {
                kept = kept.short(None);
            }
            if kept.get_id() == NO_COLOR && has_both == [true, true] {
                kept = kept.conflicts_with(FORCE_COLOR);
            }
            *option = kept;
        }
        parser.args(added)
    }

    /// Returns the common options, or their letters, that options of a command hide.
    pub(crate) fn hidden_by(parser: &clap::Command, without: &[CommonOption]) -> Vec<HiddenOption> {
        let is_left_out = |name: &str| without.iter().any(|option| option.name() == name);
        let hidden_in = |option: Arg| {
            let long = option.get_long().unwrap_or_default();
            if is_left_out(long) {
                return None;
            }
            let common = format!("--{long}");
            if let Some(name) = names(&option).find(|name| has_long(parser, name)) {
                let without = (option.get_id() != HELP).then(|| long.to_owned());
                return Some(HiddenOption { own: format!("--{name}"), common, without });
            }
            let letter = option.get_short().filter(|letter| has_short(parser, *letter))?;
            let own = format!("-{letter}");
            (!is_left_out(&own)).then(|| HiddenOption { own: own.clone(), common, without: Some(own) })
        };
        options().into_iter().filter_map(hidden_in).collect()
    }

    /// Makes a parser whose `-h` prints the command's own options, and of the common ones one line. It does
    /// not know `--help`.
    pub(crate) fn briefly(parser: clap::Command) -> clap::Command {
        let mut shown = Vec::new();
        let mut has_letter = false;
        for option in parser.get_arguments().filter(|argument| Self::has(argument)) {
            if option.get_id() == HELP {
                has_letter = option.get_short().is_some();
            } else if !option.is_hide_set() {
                let letter = option.get_short().map(|letter| format!("-{letter}"));
                shown.extend(letter.or_else(|| option.get_long().map(|long| format!("--{long}"))));
            }
        }
        let parser = parser.mut_subcommands(Self::briefly);
        // The command has a `-h` of its own.
        if !has_letter {
            return parser;
        }
        let more = if shown.len() > LISTED { ", …" } else { "" };
        shown.truncate(LISTED);
        let line = match shown.is_empty() {
            true => "See --help for the other options.".to_owned(),
            false => format!("{HEADING}: {}{more} (see --help)", shown.join(", ")),
        };
        let after = parser.get_after_help().map(|after| format!("{after}\n\n")).unwrap_or_default();
        parser.after_help(format!("{after}{line}")).mut_args(|argument| match argument.get_id().as_str() {
            HELP => argument.long(None).hide_short_help(true),
            _ if Self::has(&argument) => argument.hide_short_help(true),
            _ => argument,
        })
    }

    /// Returns whether an argument is one of the common options.
    pub(crate) fn has(argument: &Arg) -> bool {
        argument.get_id().as_str().starts_with("manage::")
    }

    /// Hides the isolation options in the help of a command that cannot run isolated.
    pub(crate) fn hide_isolation(parser: clap::Command) -> clap::Command {
        parser.mut_args(|argument| match argument.get_id().as_str() {
            ISOLATED | ISOLATED_KEY | ISOLATED_WAIT => argument.hide(true),
            _ => argument,
        })
    }

    /// Returns the values in a command's matches; those after the name of a subcommand take precedence.
    pub(crate) fn read(matches: &ArgMatches) -> Self {
        let here = Self::read_here(matches);
        match matches.subcommand() {
            Some((_, inner)) => here.overlay(Self::read(inner)),
            None => here,
        }
    }

    fn read_here(matches: &ArgMatches) -> Self {
        // An option that the command took for itself is not in its matches.
        let flag = |id| matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false);
        Self {
            verbosity: typed(matches, VERBOSITY),
            settings: matches.try_get_one::<PathBuf>(SETTINGS).ok().flatten().cloned(),
            traceback: flag(TRACEBACK),
            no_color: flag(NO_COLOR),
            force_color: flag(FORCE_COLOR),
            skip_checks: flag(SKIP_CHECKS),
            profile: flag(PROFILE),
            isolated: flag(ISOLATED),
            isolated_key: matches.try_get_one::<String>(ISOLATED_KEY).ok().flatten().cloned(),
            isolated_wait: typed(matches, ISOLATED_WAIT),
            no_input: flag(NO_INPUT),
        }
    }

    /// Merges in the options after the command's name, which take precedence.
    pub(crate) fn overlay(self, later: Self) -> Self {
        Self {
            verbosity: later.verbosity.or(self.verbosity),
            settings: later.settings.or(self.settings),
            traceback: later.traceback || self.traceback,
            no_color: later.no_color || (self.no_color && !later.force_color),
            force_color: later.force_color || (self.force_color && !later.no_color),
            skip_checks: later.skip_checks || self.skip_checks,
            profile: later.profile || self.profile,
            isolated: later.isolated || self.isolated,
            isolated_key: later.isolated_key.or(self.isolated_key),
            isolated_wait: later.isolated_wait.or(self.isolated_wait),
            no_input: later.no_input || self.no_input,
        }
    }

    /// Returns whether to print a timing profile.
    pub(crate) fn wants_profile(&self) -> bool {
        self.profile || self.shows_everything()
    }

    /// Returns whether to report every detail: `-v 3`.
    pub(crate) fn shows_everything(&self) -> bool {
        self.verbosity == Some(3)
    }

    pub(crate) fn colors(&self) -> ColorChoice {
        match (self.no_color, self.force_color) {
            (true, _) => ColorChoice::Never,
            (_, true) => ColorChoice::Always,
            _ => ColorChoice::Auto,
        }
    }
}

/// The long names of an option, without hyphens.
fn names(option: &Arg) -> impl Iterator<Item = &str> {
    option.get_long().into_iter().chain(option.get_all_aliases().unwrap_or_default())
}

fn has_long(parser: &clap::Command, name: &str) -> bool {
    parser.get_arguments().any(|argument| names(argument).any(|own| own == name))
}

fn has_short(parser: &clap::Command, letter: char) -> bool {
    parser.get_arguments().any(|argument| {
        argument.get_short() == Some(letter)
            || argument.get_all_short_aliases().is_some_and(|all| all.contains(&letter))
    })
}

/// Returns a value given on the command line. A default must not override an option before the command's
/// name.
fn typed<T: Copy + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let value = matches.try_get_one::<T>(id).ok().flatten().copied();
    value.filter(|_| matches.value_source(id) == Some(ValueSource::CommandLine))
}

// Two parts, so that no argument of a command can have the same id.
const VERBOSITY: &str = "manage::verbosity";
const SETTINGS: &str = "manage::settings";
const TRACEBACK: &str = "manage::traceback";
const NO_COLOR: &str = "manage::no_color";
const FORCE_COLOR: &str = "manage::force_color";
const SKIP_CHECKS: &str = "manage::skip_checks";
const PROFILE: &str = "manage::profile";
const ISOLATED: &str = "manage::isolated";
const ISOLATED_KEY: &str = "manage::isolated_key";
const ISOLATED_WAIT: &str = "manage::isolated_wait";
const NO_INPUT: &str = "manage::no_input";
const VERSION: &str = "manage::version";
const HELP: &str = "manage::help";

fn options() -> [Arg; 13] {
    let flag =
        |id, long, help| Arg::new(id).long(long).help(help).action(ArgAction::SetTrue).help_heading(HEADING);
    [
        Arg::new(VERBOSITY)
            .short('v')
            .long("verbosity")
            .value_name("LEVEL")
            .help("Verbosity level: 0 = minimal, 1 = normal, 2 = verbose, 3 = very verbose")
            .default_value("1")
            .value_parser(
                PossibleValuesParser::new(["0", "1", "2", "3"]).try_map(|level| level.parse::<u8>()),
            )
            .hide_possible_values(true)
            .help_heading(HEADING),
        Arg::new(SETTINGS)
            .long("settings")
            .value_name("FILE")
            .help("Read settings from this file instead of manage.toml")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
            .help_heading(HEADING),
        flag(TRACEBACK, "traceback", "Print a backtrace on error"),
        flag(NO_COLOR, "no-color", "Never use colors"),
        flag(FORCE_COLOR, "force-color", "Use colors even if the output is not a terminal"),
        flag(SKIP_CHECKS, "skip-checks", "Skip the system checks"),
        flag(PROFILE, "profile", "Print a timing profile at exit (also with -v 3)"),
        flag(
            ISOLATED,
            "isolated",
            "Run only if no other instance of this command uses the same database; otherwise exit with 75",
        ),
        Arg::new(ISOLATED_KEY)
            .long("isolated-key")
            .value_name("KEY")
            .help("Run only if no other instance of this command uses the same key")
            .value_parser(clap::builder::NonEmptyStringValueParser::new())
            .help_heading(HEADING),
        Arg::new(ISOLATED_WAIT)
            .long("isolated-wait")
            .value_name("SECONDS")
            .help("How long to wait for the other instance to end")
            .default_value("0")
            .value_parser(value_parser!(u32))
            .help_heading(HEADING),
        flag(NO_INPUT, "noinput", "Never prompt: use defaults, or fail if there is none").alias("no-input"),
        flag(VERSION, "version", "Print the version").action(ArgAction::Version),
        flag(HELP, "help", "Print this help").short('h').action(ArgAction::Help),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parser: clap::Command, arguments: &[&str]) -> Result<Common, clap::Error> {
        let parser =
            Common::add_to(parser.version("1").disable_help_flag(true).disable_version_flag(true), &[]);
        parser
            .try_get_matches_from(std::iter::once(&"x").chain(arguments))
            .map(|matches| Common::read(&matches))
    }

    #[test]
    fn they_are_read() {
        let common =
            read(clap::Command::new("x"), &["-v2", "--settings", "other.toml", "--traceback"]).unwrap();
        assert_eq!((common.verbosity, common.traceback), (Some(2), true));
        assert_eq!(common.settings.as_deref(), Some(std::path::Path::new("other.toml")));
        assert!(read(clap::Command::new("x"), &["-v", "4"]).is_err());
        assert!(read(clap::Command::new("x"), &["--no-color", "--force-color"]).is_err());
    }

    #[test]
    fn a_command_may_take_their_names() {
        let own = clap::Command::new("x")
            .arg(Arg::new("verbose").short('v').action(ArgAction::SetTrue))
            .arg(Arg::new("settings").long("settings"));
        let common = read(own, &["-v", "--settings", "mine", "--verbosity", "3"]).unwrap();
        assert_eq!((common.verbosity, common.settings), (Some(3), None));
    }
}
