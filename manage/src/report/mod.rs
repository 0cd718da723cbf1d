//! How the results of the domain modules are told: to people as lines, to programs as JSON.
//!
//! The domain modules know nothing of it; a command hands their results, or an observer of theirs, to it.

mod checks;
mod database;
mod migrations;
mod reference;
mod server_error;
mod waiting;

pub use reference::{Form, Reference};
pub use waiting::{Format, WaitReport};

pub(crate) use checks::{checks, issues, tags};
pub(crate) use database::assumed_database;
pub(crate) use migrations::unapplied;
pub(crate) use server_error::lines as server_error_lines;
