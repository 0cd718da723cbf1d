//! Whether the server is shutting down.

use std::sync::Arc;

use tokio::sync::watch;

/// A flag that the server sets when it begins to shut down. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Draining(Arc<watch::Sender<Phase>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// A stop signal has arrived. Running requests continue.
    Draining,
    /// The time for running requests is over.
    CutOff,
}

impl Default for Draining {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Running)))
    }
}

impl Draining {
    /// Records that a stop signal has arrived.
    pub(crate) fn begin(&self) {
        self.0.send_if_modified(|phase| std::mem::replace(phase, Phase::Draining.max(*phase)) != *phase);
    }

    /// Records that requests which are still running are aborted.
    pub(super) fn cut_off(&self) {
        self.0.send_replace(Phase::CutOff);
    }

    /// Returns whether a stop signal has arrived, so that no load balancer should send further requests.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow() != Phase::Running
    }

    /// Returns whether requests that are still running are aborted.
    pub(super) fn is_cut_off(&self) -> bool {
        *self.0.borrow() == Phase::CutOff
    }
}
