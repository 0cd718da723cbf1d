//! SQLite: Diesel's own connection, with checks before a file is opened and plain errors if that fails.

mod begin;
mod connect;
pub(super) mod connection;
mod deadline;
mod details;
pub(super) mod file;
mod journal;
mod lock;
mod lock_access;
mod lock_file;
pub(super) mod operations;
mod probe;
mod remedy;
mod statements;
mod traits;
pub(super) mod writable;
