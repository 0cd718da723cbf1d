//! Locks that every user of a database sees, and that end with their holder.
//!
//! [`name`] defines lock names, [`session`] holds a lock on a separate connection, [`holder`] is who else holds
//! one, and [`error`] reports why a lock cannot be taken. Each backend has its own implementation, in its file `lock.rs`.

pub(super) mod error;
pub(super) mod holder;
pub(super) mod name;
pub(super) mod session;
