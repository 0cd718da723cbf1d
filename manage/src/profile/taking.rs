//! A profile, from its start to its end.

use std::sync::Arc;

use super::collector::Collector;
use super::recorder;
use crate::cancellation::{LastWords, last_words};
use crate::console::Stream;

/// A profile that is being taken. It is printed when this drops: also after an error, a panic, or a signal.
pub(crate) struct Profile {
    collector: Arc<Collector>,
    _last_words: LastWords,
}

impl Profile {
    pub(crate) fn start(command: &str, stream: &Stream, tells_each: bool) -> Self {
        let collector = Collector::start(command, stream, tells_each);
        recorder::install();
        let words = Arc::clone(&collector);
        Self { collector, _last_words: last_words(move || words.tell()) }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.collector.stop();
        self.collector.tell();
    }
}
