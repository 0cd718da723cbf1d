//! Django's management commands for Rust and Diesel.
//!
//! A project gets a `manage` program: its own commands, found by themselves, and the ones that every backend team
//! otherwise writes again: `wait_for_db`, `migrate`, `runserver`, … all on one set of connection settings.
//!
//! # A command
//!
//! is a function in a file of its name, in the folder `src/management/commands/`:
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
//! - [`main!`] is the whole program; [`commands!`] declares an app's commands; [`migrations!`] its migrations;
//!   [`macro@command`], [`macro@check`], [`macro@hook`] and `#[manage::router]` register functions.
//! - [`Context`] is what a running command is handed; [`CommandError`] and [`Exit`] are how it ends.
//! - [`database::Connection`] is a Diesel connection to SQLite, PostgreSQL or MySQL; [`settings`] is where it comes from.
//! - [`wait`], [`mod@migrations`], [`checks`], `server` and [`scaffold`] are what the built-in commands call: they know neither
//!   the command line nor printing.
//! - [`Context::call`] and [`Program::call`] call a command by its name; `block_on` runs an async one where there is no
//!   `.await`. `testing`, of the cargo feature of that name, is for a team's tests.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!(
    "diesel-manage needs a database: turn on at least one of its features sqlite, postgres, mysql"
);

// The attribute macros say `::manage::…`; the built-in commands use them too.
extern crate self as manage;

mod cancellation;
pub mod catalog;
mod caught;
pub mod checks;
mod cli;
pub mod command;
mod commands;
pub mod completion;
pub mod console;
mod context;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub mod database;
pub mod hooks;
mod interaction;
pub mod isolation;
pub mod migrations;
pub mod prelude;
mod process;
mod profile;
mod program;
pub mod report;
#[cfg(feature = "async")]
mod runtime;
pub mod scaffold;
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
pub use cancellation::{Cancellation, Cancelled, StopSignal};
pub use clap;
pub use cli::{Call, Callee};
pub use command::{CommandError, Exit};
pub use context::Context;
pub use diesel;
#[cfg(feature = "terminal")]
pub use interaction::Prompt;
pub use interaction::{Confirmation, Confirmed};
#[cfg(feature = "runserver")]
pub use manage_macros::router;
pub use manage_macros::{check, command, hook};
pub use program::Program;
#[cfg(feature = "async")]
pub use runtime::block_on;

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What commands return: `anyhow`'s, so that `?` takes any error.
pub type Result<T, E = anyhow::Error> = anyhow::Result<T, E>;
