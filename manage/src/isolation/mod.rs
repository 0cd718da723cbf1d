//! Locks that are visible to all users of a database, and that end with their holder.
//!
//! `#[command(isolated)]` takes one for a whole command; [`Context::isolate`](crate::Context::isolate) for a
//! part of one:
//!
//! ```
//! use manage::prelude::*;
//!
//! fn send_invoices(cx: &Context) -> Result<()> {
//!     // Another program that uses this key waits, or exits with 75.
//!     let lock = cx.isolate("invoices")?;
//!     // … send …
//!     drop(lock);
//!     cx.success("Sent.")
//! }
//! ```
//!
//! `guard` holds and monitors a lock. `context` has the methods for commands; only these print. `database/`
//! implements the locks of each backend.
//!
//! The guide in the book: [One at a time][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/locking.md

mod context;
mod error;
mod guard;

pub(crate) use context::{end_without_lock, machine, of_command, owner};
pub use error::IsolationError;
pub use guard::Isolation;
