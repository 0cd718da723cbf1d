//! What a command is, and how it is found.
//!
//! A command is usually a function with [`#[manage::command]`](macro@crate::command). The trait [`Command`]
//! is for those that a program creates at run time:
//!
//! ```
//! use std::sync::Arc;
//!
//! use manage::clap::{self, ArgMatches};
//! use manage::command::Command;
//! use manage::{Context, Exit, Program, Result};
//!
//! /// One for each report of a configuration.
//! struct Report(String);
//!
//! impl Command for Report {
//!     fn name(&self) -> &str {
//!         &self.0
//!     }
//!
//!     fn arguments(&self, parser: clap::Command) -> clap::Command {
//!         parser.arg(clap::arg!(--year <YEAR>).value_parser(clap::value_parser!(u16)).required(true))
//!     }
//!
//!     fn run(&self, cx: &mut Context, matches: &ArgMatches) -> Result<Exit> {
//!         cx.line(format_args!("{} of {}", self.0, matches.get_one::<u16>("year").expect("required")))?;
//!         Ok(Exit::SUCCESS)
//!     }
//! }
//!
//! let program = Program::new(&[]).with_command("reports", Arc::new(Report("turnover".to_owned())));
//! # #[cfg(feature = "testing")]
//! # assert_eq!(
//! #     manage::testing::Project::new(program.clone()).run(["turnover", "--year", "2025"]).stdout,
//! #     "turnover of 2025\n"
//! # );
//! assert_eq!(program.registry().apps(), ["reports"]);
//! ```
//!
//! In reading order: [`Command`]; [`Properties`] are the options of the attribute; [`Registry`] finds a
//! command by its name; [`Outcome`] is what a command's function returns.

pub(crate) mod build;
mod clashes;
mod common_option;
mod common_options;
mod context;
pub(crate) mod definition;
mod elsewhere;
mod exit_code;
mod find;
mod invocation;
mod line;
mod parsed;
mod parser;
pub(crate) mod plain_arguments;
mod program;
pub(crate) mod registry;
mod secret_argument;
mod successor;
mod unknown;
mod unseen_variables;
mod usage;
mod validate;
#[doc(hidden)]
pub mod value;

pub use crate::error::{IntoError, IntoExit, Outcome, UsageError};
pub use crate::suggest::closest;
pub use common_option::CommonOption;
pub use context::Context;
pub use definition::{Command, Properties, RequiredChecks};
pub use program::Program;
pub use registry::{Location, RegisteredCommand, Registry};
pub use unknown::UnknownCommand;

pub(crate) use clashes::{Clash, Named};
pub(crate) use common_options::{Common, HiddenOption};
pub(crate) use find::find;
pub(crate) use invocation::{Invocation, given};
pub(crate) use line::Line;
pub(crate) use parsed::ParsedCommand;
pub(crate) use parser::{parser, parser_before, resolve};
pub(crate) use registry::{App, BUILT_IN, Duplicate, FIXED};
pub(crate) use secret_argument::{hide_secrets, is_secret, why_refused};
pub(crate) use successor::succeeded_by;
pub(crate) use unseen_variables::{
    change_arguments, has_unseen_variable, is_any_argument, showing_variables,
};
pub(crate) use usage::{usage_error, usage_text};

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
