//! Lines of a log that are written together: a call of the operating system for each request would be a tenth
//! of its time.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::console::Stream;

/// How long a line waits for others.
const DELAY: Duration = Duration::from_millis(5);

/// The size at which lines are written at once. Then a slow reader of the log slows down the server, instead
/// of filling its memory.
const FULL: usize = 64 * 1024;

/// Lines that are not written yet.
#[derive(Debug)]
pub(super) struct LogBuffer {
    text: Mutex<Vec<u8>>,
    /// What is being written. No request waits for it, until too much is waiting.
    writing: Mutex<Vec<u8>>,
    is_waiting: Notify,
    stream: Stream,
}

impl LogBuffer {
    /// Creates it, and the task that writes its lines as long as the runtime exists.
    pub(super) fn start(stream: Stream) -> Arc<Self> {
        let (text, writing) = (Mutex::default(), Mutex::default());
        let buffer = Arc::new(Self { text, writing, is_waiting: Notify::new(), stream });
        let writing = Arc::clone(&buffer);
        tokio::spawn(async move {
            loop {
                writing.is_waiting.notified().await;
                tokio::time::sleep(DELAY).await;
                writing.flush();
            }
        });
        buffer
    }

    /// Appends a line that ends with a newline.
    pub(super) fn push(&self, line: &[u8]) {
        let mut text = lock(&self.text);
        let is_first = text.is_empty();
        text.extend_from_slice(line);
        let is_full = text.len() >= FULL;
        drop(text);
        if is_full {
            self.flush();
        } else if is_first {
            self.is_waiting.notify_one();
        }
    }

    /// Writes all lines.
    pub(super) fn flush(&self) {
        // Two callers write in the order in which they got this lock.
        let mut writing = lock(&self.writing);
        std::mem::swap(&mut *writing, &mut *lock(&self.text));
        if !writing.is_empty() {
            // A broken log is not a reason to stop serving.
            let _ = (&self.stream).write_all(&writing).and_then(|()| (&self.stream).flush());
            writing.clear();
        }
    }
}

fn lock(text: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}
