//! System checks: what can be found wrong before a command runs.
//!
//! A check is a function that looks at the [`Context`](crate::Context) and returns [`Message`]s. An app adds one with
//! `#[manage::check]`. The built-in ones are `settings`, `commands` and `databases`.

mod commands;
mod databases;
mod message;
mod report;
mod run;
mod settings;

pub use message::{Level, Message};
pub use run::{Check, CheckRegistration};

pub(crate) use report::print_report;
pub(crate) use run::{Results, everything, require};
