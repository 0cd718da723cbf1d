//! The errors of databases and of statements, with hints.

pub(super) mod connect_error;
pub(super) mod hint;
pub(super) mod reason;
pub(super) mod remedy;
pub(super) mod server_error;
