//! Writes new source files for a project: what `startcommand` does.

mod build_script;
mod command;

pub(crate) use build_script::{LINE, unnoticed};
pub use command::{ScaffoldError, write_command};
