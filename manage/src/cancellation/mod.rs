//! Stopping well: SIGINT and SIGTERM as something that a command can ask about, wait for, and answer.
//!
//! A command that never asks is ended by the first signal. The first question takes the signals over: from there on the
//! first one is the command's, with all that come within the next second, and a later one ends the program at once.
//! `stop` has the two signals; `signals` takes the process's over; `handle` is what a command holds.

mod handle;
mod signals;
mod stop;

pub use handle::Cancellation;
pub use stop::{Cancelled, StopSignal};

pub(crate) use handle::last_words;
pub(crate) use signals::{LastWords, end_at_once};
