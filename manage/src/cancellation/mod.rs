//! Graceful shutdown: commands can check for SIGINT and SIGTERM, wait for them, and handle them.
//!
//! The first signal ends a command that does not handle signals. The first use of a cancellation method takes
//! over the signals: from then on the command handles the first one and all within the next second, and a
//! later one ends the program at once. `stop` defines the two signals; `signals` handles the process's;
//! `handle` is the handle of a command.

mod handle;
mod signals;
mod stop;

pub use handle::Cancellation;
pub use stop::{Cancelled, StopSignal};

pub(crate) use handle::{CallbackGuard, on_shutdown};
pub(crate) use signals::{ShutdownCallback, end_at_once};
