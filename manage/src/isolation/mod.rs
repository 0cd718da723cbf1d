//! Locks that everyone who uses a database sees, and that die with their holder.
//!
//! `name` is what a lock is called on each kind of database; `session` is what holds one, in the files `sqlite` (with
//! `file`), `postgres` and `mysql`; `guard` is a lock that is held and watched. This module knows neither the command line
//! nor printing. Migrations use the names and the file, and hold their lock by the connection that migrates.

mod error;
#[cfg(feature = "sqlite")]
mod file;
mod guard;
#[cfg(feature = "mysql")]
mod mysql;
mod name;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use error::IsolationError;
#[cfg(feature = "sqlite")]
pub(crate) use file::FileLock;
pub use guard::Isolation;
pub(crate) use name::LockName;
