//! System checks: what can be found wrong before a command runs.
//!
//! A check is a function that looks at the [`Context`](crate::Context) and returns [`Message`]s. An app adds one with
//! `#[manage::check]`. The built-in ones are `settings`, `commands`, `migrations`, `databases` and, for deployments, `deploy`; all that
//! they can say is listed in [`CATALOG`]. [`run()`] runs those of a [`Selection`].

mod catalog;
mod commands;
mod databases;
mod deploy;
mod message;
mod migrations;
mod registration;
mod run;
mod selection;
mod settings;

pub use catalog::{CATALOG, Entry, tags};
pub use message::{Level, Message};
pub use registration::{Check, CheckRegistration};
pub use run::{Results, SystemCheckError, run};
pub use selection::{Selection, UnknownName, tags as tags_there};

pub(crate) use databases::is_sqlite_file;
pub(crate) use run::require;
pub(crate) use settings::misunderstood;
