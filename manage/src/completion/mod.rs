//! Completion in a shell: what may stand where the cursor is.
//!
//! `manage completion SHELL` prints a shell's script, which asks the program itself. Commands, options and the values of
//! a `ValueEnum` are completed without further ado; for other values an argument names what there is:
//!
//! ```
//! # mod open {
//! use manage::completion;
//! use manage::prelude::*;
//!
//! /// Open a shop
//! #[command]
//! pub fn open(
//!     cx: &mut Context,
//!     /// Its town
//!     #[arg(add = completion::values(towns))]
//!     town: String,
//!     /// The database that knows it
//!     #[arg(long, default_value = "default", add = completion::databases())]
//!     database: String,
//! ) -> Result<()> {
//!     cx.line(format_args!("{town} in {database}"))
//! }
//!
//! fn towns(_cx: &Context) -> Result<Vec<(&'static str, &'static str)>> {
//!     Ok(vec![("leeds", "in the north"), ("york", "nearby")])
//! }
//! # }
//! ```
//!
//! Such a function runs while a person waits, in the shell's folder, with the settings that the command would have. It
//! may connect to a database; nothing else here does. What it prints goes nowhere (on Windows only what it prints through its
//! context). When all such functions of a line have taken two seconds, there is no answer. That, its error, or its panic, is a
//! line in a log: `completion.log` in the folder `manage` of
//! `$XDG_STATE_HOME`, which is `~/.local/state` unless it is set, and `%LOCALAPPDATA%` on Windows.

mod answer;
mod candidate;
mod log;
mod process;
mod request;
mod script;
mod shell;
mod sources;
mod words;

pub use candidate::Candidate;
// clap's own way; the engine is not yet stable, so that a version of ours may have to change with it.
pub use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter};
pub use script::{install, script};
pub use shell::Shell;
pub use sources::{apps, command_path, commands, databases, migrations, programs, tags, values};

pub(crate) use answer::{WORD, answer};
pub(crate) use process::be_quiet;
