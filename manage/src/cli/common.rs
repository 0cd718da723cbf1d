//! The options that every command takes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};

use crate::console::ColorChoice;

/// The heading under which `--help` lists them, after the command's own.
const HEADING: &str = "Common options";

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

impl Common {
    /// Adds the common options to a parser and to its subcommands. Where one has an option of the same name, its own
    /// stands.
    pub(crate) fn add_to(parser: clap::Command) -> clap::Command {
        // Not clap's global options: those meet an option of the same name with a panic.
        Self::add_here(parser).mut_subcommands(|inner| {
            Self::add_to(inner.version(crate::VERSION).disable_help_flag(true).disable_version_flag(true))
        })
    }

    /// The flags among the words of a command line that cannot be parsed, or not yet. Behind `--` they are values.
    pub(crate) fn glimpse(words: &[OsString]) -> Self {
        let words = || words.iter().take_while(|word| *word != "--");
        let has = |names: &[&str]| words().any(|word| names.iter().any(|name| word == name));
        Self {
            no_color: has(&["--no-color"]),
            force_color: has(&["--force-color"]),
            no_input: has(&["--noinput", "--no-input"]),
            ..Self::default()
        }
    }

    fn add_here(mut parser: clap::Command) -> clap::Command {
        for mut option in options() {
            let taken = |wanted: Option<&str>| {
                wanted.is_some_and(|wanted| {
                    parser.get_arguments().any(|arg| {
                        arg.get_long() == Some(wanted)
                            || arg.get_all_aliases().is_some_and(|all| all.contains(&wanted))
                    })
                })
            };
            if taken(option.get_long()) {
                continue;
            }
            let short = option.get_short();
            if short.is_some() && parser.get_arguments().any(|arg| arg.get_short() == short) {
                option = option.short(None);
            }
            parser = parser.arg(option);
        }
        parser
    }

    /// Whether an argument is one of the common options.
    pub(crate) fn has(argument: &Arg) -> bool {
        argument.get_id().as_str().starts_with("manage::")
    }

    /// Leaves the options out of the help that a command refuses which cannot run isolated.
    pub(crate) fn hide_isolation(parser: clap::Command) -> clap::Command {
        parser.mut_args(|argument| match argument.get_id().as_str() {
            ISOLATED | ISOLATED_KEY | ISOLATED_WAIT => argument.hide(true),
            _ => argument,
        })
    }

    /// The values in a command's matches, with those after the name of a subcommand on top.
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

    /// The options before the command's name, with those after it on top.
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

    /// Whether to tell where the time was spent.
    pub(crate) fn wants_profile(&self) -> bool {
        self.profile || self.tells_everything()
    }

    /// Whether nothing is too small to be told: `-v 3`.
    pub(crate) fn tells_everything(&self) -> bool {
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

/// A value that stands on the command line. A default must not be on top of what stands before the command's name.
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
            .help("How much to say: 0 = only what was asked for, 1 = normal, 2 = verbose, 3 = very verbose")
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
        flag(TRACEBACK, "traceback", "Show where an error came from"),
        flag(NO_COLOR, "no-color", "Never use colors").conflicts_with(FORCE_COLOR),
        flag(FORCE_COLOR, "force-color", "Use colors also when the output is not a terminal"),
        flag(SKIP_CHECKS, "skip-checks", "Run without the system checks"),
        flag(PROFILE, "profile", "Show at the end where the time was spent; also with -v 3"),
        flag(
            ISOLATED,
            "isolated",
            "Run only if this command runs nowhere else on the same database; else exit with 75",
        ),
        Arg::new(ISOLATED_KEY)
            .long("isolated-key")
            .value_name("KEY")
            .help("Run only if this command runs nowhere else with the same key")
            .value_parser(clap::builder::NonEmptyStringValueParser::new())
            .help_heading(HEADING),
        Arg::new(ISOLATED_WAIT)
            .long("isolated-wait")
            .value_name("SECONDS")
            .help("Wait for so long until it runs nowhere else")
            .default_value("0")
            .value_parser(value_parser!(u32))
            .help_heading(HEADING),
        flag(NO_INPUT, "noinput", "Never ask: questions get their default answer, or are an error")
            .alias("no-input"),
        flag(VERSION, "version", "Print the version").action(ArgAction::Version),
        flag(HELP, "help", "Print this help").short('h').action(ArgAction::Help),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parser: clap::Command, arguments: &[&str]) -> Result<Common, clap::Error> {
        let parser = Common::add_to(parser.version("1").disable_help_flag(true).disable_version_flag(true));
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
