//! Whether the server is shutting down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags that the server sets when it begins to shut down, and when it aborts what still runs. Clones share
/// them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    has_begun: AtomicBool,
    is_cut_off: AtomicBool,
}

impl Draining {
    /// Records that a stop signal has arrived. Running requests continue.
    pub(crate) fn begin(&self) {
        self.0.has_begun.store(true, Ordering::SeqCst);
    }

    /// Records that requests which are still running are aborted.
    pub(super) fn cut_off(&self) {
        self.0.is_cut_off.store(true, Ordering::SeqCst);
    }

    /// Returns whether a stop signal has arrived, so that no load balancer should send further requests.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::SeqCst)
    }

    /// Returns whether requests that are still running are aborted.
    pub(super) fn is_cut_off(&self) -> bool {
        self.0.is_cut_off.load(Ordering::SeqCst)
    }
}
