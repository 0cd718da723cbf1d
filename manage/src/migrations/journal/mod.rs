//! The journal: the table `__manage_migrations` beside Diesel's, with the checksum of what was applied, and
//! how far a migration is that runs without a transaction.
//!
//! Diesel's table alone decides whether a migration is applied; a row of the journal that contradicts it is
//! out of date.

mod author;
mod literal;
mod rows;
mod table;

pub(super) use rows::{JournalRow, Recorded, State, read};
pub(super) use table::{Journal, Position, Subject};
