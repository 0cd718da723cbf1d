//! The way from the program's arguments to a running command, and how its trouble is told.
//!
//! In reading order: `line` cuts the arguments at the command's name; `common` has the options that every command takes;
//! `find` looks a command up; `help` makes the listing, which `fill` wraps, and one command's parser; `parse` reads the words; `dispatch` runs the command, and `missing` asks for arguments that it lacks;
//! `isolate` takes the lock of a command that runs one at a time; `explain` finds out what is behind a failed query; `report` prints an error. `call` is the way in from code.

mod call;
mod common;
mod dispatch;
mod explain;
mod fill;
mod find;
mod help;
mod isolate;
mod line;
mod missing;
mod parse;
mod report;

pub use call::{Call, Callee};

pub(crate) use common::Common;
pub(crate) use dispatch::{Failure, Occasion, dispatch};
pub(crate) use find::find;
pub(crate) use help::{help_of, listing, names, parser, parser_before, resolve};
pub(crate) use isolate::end_without_lock;
pub(crate) use line::Line;
pub(crate) use report::failure;
