//! The client of MySQL and MariaDB behind this crate's connection.
//!
//! [`open`] logs in over a [`socket`]. Then the caller's thread alone uses the connection: [`stream`] is its
//! bytes, [`channel`] its packets, [`session`] its commands, and [`driver`] makes it a Diesel connection, with
//! the statements that [`statements`] keeps; [`kill`] ends a statement at its deadline. [`answer`] and [`row`] read what the server sends; [`values`]
//! writes what is bound to a statement.

pub(super) mod answer;
pub(super) mod channel;
pub(super) mod driver;
pub(super) mod error;
#[cfg(all(test, unix))]
mod fuzz;
mod kill;
pub(super) mod open;
pub(super) mod row;
pub(super) mod session;
pub(super) mod socket;
pub(super) mod statements;
pub(super) mod stream;
pub(super) mod values;
