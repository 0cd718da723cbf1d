//! From the program's arguments to a running command, and how its errors are reported.
//!
//! In reading order: `dispatch` is the whole way; `parse` reads the words, among which `stand_ins` puts the
//! variables that clap does not see; `prompt_missing` prompts for missing arguments; `failure_hints` finds
//! causes of a failed query. `call` calls a command from code.

mod call;
mod dispatch;
mod failure_hints;
mod parse;
mod prompt_missing;
mod stand_ins;

pub use call::{Call, Callee};

pub(crate) use dispatch::{Failure, dispatch};
#[cfg(feature = "testing")]
pub(crate) use failure_hints::failure_hint;
