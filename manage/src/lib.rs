//! Django's management commands for Rust and Diesel.
//!
//! A project gets a `manage` program: its own commands, discovered automatically, and the ones that every
//! backend team otherwise writes again: `wait_for_db`, `migrate`, `runserver`, … all on one set of connection
//! settings.
//!
//! # A command
//!
//! is a function in the file of the same name in the directory `src/management/commands/`:
//!
//! ```
//! // src/management/commands/publish.rs
//! # mod publish {
//! use manage::prelude::*;
//!
//! /// Publish an article now
//! #[command]
//! pub fn publish(
//!     cx: &mut Context,
//!     /// The article's slug
//!     slug: String,
//!     /// Keep the date that it has
//!     #[arg(long)]
//!     keep_date: bool,
//! ) -> Result<()> {
//!     let mut connection = cx.connect()?;
//!     # let _ = (&mut connection, keep_date);
//!     // … Diesel's query DSL …
//!     cx.success(format_args!("Published “{slug}”."))
//! }
//! # }
//! ```
//!
//! # The parts
//!
//! - [`main!`] is the whole program; [`commands!`] declares an app's commands; [`migrations!`] its
//!   migrations; [`macro@command`], [`macro@check`], [`macro@hook`] and `#[manage::router]` register
//!   functions.
//! - [`Context`] is everything that a running command can use; [`CommandError`] and [`Exit`] are its results.
//! - [`database::Connection`] is a Diesel connection to SQLite, PostgreSQL or MySQL; [`settings`] configures
//!   it.
//! - [`wait`], [`checks`], [`isolation`], [`mod@migrations`] and `server` are the parts of the built-in
//!   commands that a project can use, too. They depend neither on the command line nor on printing.
//! - [`Context::call`] and [`Program::call`] call a command by its name; `block_on` runs an async one in sync
//!   code. `testing`, with the cargo feature of that name, is for a project's tests.
//!
//! # The book
//!
//! [The book] has a tutorial, guides, and the reference of commands, settings and exit codes.
//!
//! [The book]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/README.md

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!(
    "diesel-manage needs a database: turn on at least one of its features sqlite, postgres, mysql"
);

// The attribute macros write `::manage::…`; the built-in commands use them too.
extern crate self as manage;

mod block_on;
mod cancellation;
pub mod catalog;
pub mod checks;
mod cli;
pub mod command;
mod commands;
pub mod completion;
pub mod console;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub mod database;
mod error;
mod files;
pub mod hooks;
mod interaction;
#[cfg(feature = "schema")]
mod introspection;
pub mod isolation;
pub mod migrations;
mod panics;
pub mod prelude;
mod process;
mod profile;
mod program;
#[cfg(feature = "runserver")]
#[cfg_attr(
    not(all(unix, feature = "reload")),
    allow(dead_code, reason = "nothing reloads, so nothing is reported")
)]
mod reload;
mod render;
mod scaffold;
#[cfg(feature = "runserver")]
pub mod server;
pub mod settings;
mod suggest;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wait;

#[doc(hidden)]
pub mod __private;
mod macros;

#[cfg(feature = "runserver")]
pub use axum;
#[cfg(feature = "async")]
pub use block_on::block_on;
pub use cancellation::{Cancellation, Cancelled, StopSignal};
pub use clap;
pub use cli::{Call, Callee};
pub use command::{Context, Program, VERSION};
pub use diesel;
#[cfg(feature = "_network")]
pub use diesel_async;
pub use error::{CommandError, Error, Exit, Result};
#[cfg(feature = "terminal")]
pub use interaction::Prompt;
pub use interaction::{Confirmation, Confirmed};
#[doc = include_str!("docs/check.md")]
pub use manage_macros::check;
#[doc = include_str!("docs/command.md")]
pub use manage_macros::command;
#[doc = include_str!("docs/hook.md")]
pub use manage_macros::hook;
#[cfg(feature = "runserver")]
#[doc = include_str!("docs/router.md")]
pub use manage_macros::router;
