//! System checks, which find problems before a command runs.
//!
//! A check is a function that inspects the [`Context`](crate::Context) and returns [`Message`]s. An app adds
//! one with `#[manage::check]`. The built-in ones are `settings`, `commands`, `migrations`, `databases` and,
//! for deployments, `deploy`; [the guide] lists all their messages. [`run()`] runs those of a [`Selection`]:
//!
//! ```
//! # mod release_check {
//! use manage::checks::{self, Level, Selection};
//! use manage::prelude::*;
//!
//! /// Reports whether this deployment is safe
//! #[command(requires_checks = "none")]
//! pub fn release_check(cx: &mut Context) -> Result<Exit> {
//!     let mut selection = Selection::default();
//!     selection.deploy = true;
//!     let results = checks::run(cx, &selection);
//!     for message in &results.messages {
//!         cx.line(message)?;
//!     }
//!     Ok(if results.reach(Level::Warning) { Exit::FAILURE } else { Exit::SUCCESS })
//! }
//! # }
//! ```
//!
//! [the guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/checks.md

pub(crate) mod catalog;
mod commands;
mod databases;
mod deploy;
mod message;
mod migrations;
pub(crate) mod registration;
mod run;
mod selection;
mod settings;

pub use catalog::tags;
pub use message::{Level, Message};
pub use run::{Results, SystemCheckError, run};
pub use selection::{Selection, UnknownName};

pub(crate) use run::require;
pub(crate) use settings::misunderstood;
