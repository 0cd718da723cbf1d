//! PostgreSQL through `tokio-postgres`: the connection, and the observer of its stream.
//!
//! [`open`] logs in, [`connection`] is Diesel's connection, [`stream`] negotiates encryption, [`wire`] keeps
//! the error details that the driver loses, and [`limits`] bounds the data that the server may send.

mod answers;
mod by_background;
mod by_caller;
mod cancel;
mod codes;
mod connect;
pub(super) mod connection;
pub(super) mod copy;
mod cursor;
mod driving;
mod failure;
mod handover;
mod limits;
mod lock;
mod login_error;
mod open;
pub(super) mod operations;
mod parameters;
pub(super) mod plain;
pub(super) mod pooler;
mod probe;
mod protocol;
mod query;
mod remedy;
mod row;
mod server_session;
mod session_attributes;
mod source;
mod statements;
mod stream;
mod tls;
mod traits;
pub(super) mod wire;
