//! MySQL and MariaDB: a client of our own as a Diesel connection.
//!
//! [`connection`] opens connections of the [`client`]; [`login`] decides what the server receives, and
//! [`guard`] checks its packets. [`asynchronous`] opens those of `mysql_async` for projects that ask for them: their
//! bytes pass through [`door`] and [`relay`], with the same login and the same checks.

#[cfg(feature = "mysql")]
mod asynchronous;
#[cfg(feature = "mysql")]
mod client;
#[cfg(feature = "mysql")]
mod codes;
#[cfg(feature = "mysql")]
mod connect;
#[cfg(feature = "mysql")]
pub(super) mod connection;
#[cfg(feature = "mysql")]
pub(super) mod details;
#[cfg(feature = "mysql")]
mod door;
#[cfg(feature = "mysql")]
mod guard;
#[cfg(feature = "mysql")]
mod lock;
#[cfg(feature = "mysql")]
mod login;
#[cfg(feature = "mysql")]
pub(super) mod operations;
#[cfg(feature = "mysql")]
mod packet;
#[cfg(feature = "mysql")]
mod probe;
#[cfg(feature = "mysql")]
mod relay;
#[cfg(feature = "mysql")]
mod remedy;
// It also sets up Diesel's own MySQL connection.
pub(super) mod session;
