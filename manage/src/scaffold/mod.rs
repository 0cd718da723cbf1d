//! Writes new source files for a project: what `startcommand` does.

mod build_script;
pub(crate) mod command;

pub(crate) use build_script::{LINE, unnoticed};
pub(crate) use command::{ScaffoldError, write_command};
