//! Stopping well: SIGINT and SIGTERM as something that a command can ask about, wait for, and answer.
//!
//! A command that never asks is ended by the first signal. The first question takes the signals over: from there on the
//! first one is the command's, and a second one ends the program at once. `handle` is what a command holds; `signals`
//! takes the process's signals over.

mod handle;
mod signals;

pub use handle::{Cancellation, Cancelled, StopSignal};

pub(crate) use signals::{LastWords, end_at_once, last_words};
