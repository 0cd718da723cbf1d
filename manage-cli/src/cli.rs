//! The command line. Cargo runs `cargo-manage manage …` for `cargo manage …`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::error::{Error, Result};

const ABOUT: &str = "Start projects with diesel-manage, add it to existing ones, and run their commands

Everything except `new` and `init` goes to the project's own program `manage`: `cargo manage migrate` runs
`cargo run --bin manage -- migrate`, from every directory of the workspace.";

const EXAMPLES: &str = "Examples:
  cargo manage new shop --database postgres    start a project
  cargo manage init                            add manage to the package in this directory
  cargo manage help                            list the project's commands
  cargo manage --release migrate --plan        build with --release, and run `manage migrate --plan`
  cargo manage -- new                          run a command `new` of the project";

/// The options before the first word are cargo's.
#[derive(Debug, Parser)]
#[command(
    name = "cargo manage",
    bin_name = "cargo manage",
    version,
    about = "Start projects with diesel-manage, and run their commands",
    long_about = ABOUT,
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    subcommand_value_name = "COMMAND",
    override_usage = "cargo manage [CARGO_OPTIONS] COMMAND [ARGS]…\n       cargo manage new [OPTIONS] <DIRECTORY>\n       \
                      cargo manage init [OPTIONS]"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    /// A command of the project behind `--`, which may be called `new` or `init`.
    #[arg(skip)]
    pub(crate) last: Vec<OsString>,
}

/// The options of `cargo run`. They are passed on as they are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cargo's options, before the command")]
pub(crate) struct CargoOptions {
    /// The package whose program `manage` runs
    #[arg(short, long, value_name = "NAME")]
    pub(crate) package: Option<OsString>,
    /// Features to turn on (can be repeated)
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<OsString>,
    /// Turn on all features
    #[arg(long)]
    all_features: bool,
    /// Turn off the default features
    #[arg(long)]
    no_default_features: bool,
    /// Build with optimizations
    #[arg(short, long)]
    release: bool,
    /// Build with this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<OsString>,
    /// Path to the Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    #[arg(short, long, value_name = "N", hide = true, allow_hyphen_values = true)]
    jobs: Option<OsString>,
    #[arg(long, value_name = "TRIPLE", hide = true)]
    target: Option<OsString>,
    #[arg(long, value_name = "DIRECTORY", hide = true)]
    target_dir: Option<OsString>,
    #[arg(long, value_name = "PATH", hide = true)]
    lockfile_path: Option<OsString>,
    #[arg(long, value_name = "KEY=VALUE|PATH", hide = true)]
    config: Vec<OsString>,
    #[arg(short = 'Z', value_name = "FLAG", hide = true)]
    unstable: Vec<OsString>,
    #[arg(long, value_name = "FORMAT", hide = true)]
    message_format: Vec<OsString>,
    #[arg(long, value_name = "WHEN", hide = true)]
    color: Option<OsString>,
    /// Require Cargo.lock to be up to date
    #[arg(long)]
    locked: bool,
    /// Do not use the network
    #[arg(long)]
    offline: bool,
    #[arg(long, hide = true)]
    frozen: bool,
    #[arg(long, hide = true)]
    ignore_rust_version: bool,
    #[arg(long, hide = true)]
    keep_going: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    timings: Option<Option<OsString>>,
    #[arg(short, long, hide = true)]
    pub(crate) quiet: bool,
    /// Print what cargo does
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl CargoOptions {
    /// Returns whether the program is built where `cargo build` without options builds it.
    pub(crate) fn is_usual(&self) -> bool {
        !self.release
            && self.config.is_empty()
            && [&self.profile, &self.target, &self.target_dir].into_iter().all(Option::is_none)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Start a project: a package with a program `manage`
    #[command(alias = "startproject")]
    New(NewOptions),
    /// Add manage to the package in this directory
    Init(InitOptions),
    /// A command of the project, and its arguments.
    #[command(external_subcommand)]
    Project(Vec<OsString>),
}

#[derive(Debug, Args)]
pub(crate) struct NewOptions {
    /// The new directory. Its name is that of the package
    pub(crate) directory: PathBuf,
    /// The name of the package [default: that of the directory]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The kind of database; `several` builds the drivers of all three
    #[arg(long, value_name = "KIND", value_enum, default_value_t = DatabaseChoice::Sqlite)]
    pub(crate) database: DatabaseChoice,
    /// Write only a command and its test: no tables, routes or containers
    #[arg(long)]
    pub(crate) minimal: bool,
    /// Write the files of this directory instead, with their placeholders filled in
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "minimal")]
    pub(crate) template: Option<PathBuf>,
    /// Depend on a checkout of diesel-manage instead of the release
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    /// The package to change, in a workspace
    #[arg(short, long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Path to the Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// The kind of database [default: as in the features of the package's Diesel]
    #[arg(long, value_name = "KIND", value_enum)]
    pub(crate) database: Option<DatabaseChoice>,
    /// Change the files without asking
    #[arg(short, long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print the changes without making them
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Depend on a checkout of diesel-manage instead of the release
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) path: Option<PathBuf>,
}

/// The kinds of databases that a project uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatabaseChoice {
    Sqlite,
    Postgres,
    Mysql,
    Several,
}

impl Cli {
    /// Reads the words of a command line. clap has no place for `--` before a command that it does not know.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        if let Some(end) = words.iter().position(|word| word == "--")
            && let Ok(cli) = Self::try_parse_from(&words[..end])
            && cli.action.is_none()
        {
            return Ok(Self { last: words[end + 1..].to_vec(), ..cli });
        }
        Self::try_parse_from(words)
    }

    /// Fails if options of cargo are before a command that builds nothing.
    pub(crate) fn without_cargo_options(&self, command: &str) -> Result<()> {
        let count = std::env::args_os().skip(1).take_while(|word| word != command && word != "startproject");
        if count.filter(|word| word != "manage").count() > 0 {
            return Err(Error::usage(format!("`cargo manage {command}` takes its options after the word."))
                .hint(format!("`cargo manage {command} --help` lists them.")));
        }
        Ok(())
    }
}

/// Returns the words of the command line without the one that cargo adds.
pub(crate) fn words(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = arguments.collect();
    if words.get(1).is_some_and(|word| word == "manage") {
        words.remove(1);
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_parser_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
