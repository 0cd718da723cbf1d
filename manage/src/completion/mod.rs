//! Shell completion: candidates at the cursor.
//!
//! `manage completion SHELL` prints a shell's script, which runs the program itself. Commands, options and
//! the values of a `ValueEnum` are completed automatically; for other values an argument names a function:
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
//! Such a function runs while the user waits, in the shell's working directory, with the settings that the
//! command would have. It may connect to a database; nothing else here does. Its output is discarded (on
//! Windows only output through its context). If all such functions of a line together take two seconds, there
//! is no result. That, an error, or a panic, is logged to `completion.log` in the directory `manage` of
//! `$XDG_STATE_HOME` (default: `~/.local/state`), or of `%LOCALAPPDATA%` on Windows.
//!
//! The guide in the book: [Completion in the shell][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/completion.md

mod answer;
mod candidate;
mod completer;
mod log;
mod process;
mod request;
mod script;
mod shell;
mod sources;
mod words;

pub use candidate::Candidate;
pub use completer::Completer;
pub use sources::{apps, apps_and_migrations, commands, databases, migrations, programs, values};

pub(crate) use answer::{WORD, answer};
pub(crate) use process::be_quiet;
pub(crate) use script::script;
pub(crate) use shell::Shell;
pub(crate) use sources::{command_path, tags};
