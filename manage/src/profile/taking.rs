//! A profile from start to end.

use std::sync::Arc;

use super::collector::Collector;
use super::recorder;
use crate::cancellation::{ShutdownCallback, on_shutdown};
use crate::console::Stream;

/// A running profile. It is printed when it is dropped: even after an error, a panic, or a signal.
pub(crate) struct Profile {
    collector: Arc<Collector>,
    _shutdown_callback: ShutdownCallback,
}

impl Profile {
    pub(crate) fn start(command: &str, stream: &Stream, shows_each: bool) -> Self {
        let collector = Collector::start(command, stream, shows_each);
        recorder::install();
        let words = Arc::clone(&collector);
        Self { collector, _shutdown_callback: on_shutdown(move || words.tell()) }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.collector.stop();
        self.collector.tell();
    }
}
