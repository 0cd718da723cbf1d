//! The way from the program's arguments to a running command, and how its trouble is told.
//!
//! In reading order: `line` cuts the arguments at the command's name; `common` has the options that every command takes;
//! `help` makes the listing and one command's parser; `dispatch` runs the command; `report` prints an error.

mod common;
mod dispatch;
mod help;
mod line;
mod report;

pub(crate) use common::Common;
pub(crate) use dispatch::{Failure, UnknownCommand, dispatch, find};
pub(crate) use help::{listing, parser};
pub(crate) use report::failure;
