//! Writes new source files for a project: what `startcommand` does.

mod command;

pub use command::{ScaffoldError, write_command};
