//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until `ready` says yes, asking every few milliseconds.
///
/// # Panics
///
/// With `what` in its message when the deadline passes first.
#[track_caller]
pub fn wait_until(deadline: Duration, what: &str, mut ready: impl FnMut() -> bool) {
    if !happens_within(deadline, &mut ready) {
        panic!("waited {deadline:?} in vain until {what}");
    }
}

/// Returns whether `ready` says yes before the deadline passes.
pub fn happens_within(deadline: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        // Read the clock first: what became true during the last pause still counts.
        let late = start.elapsed() >= deadline;
        if ready() {
            return true;
        }
        if late {
            return false;
        }
        thread::sleep(pause.min(deadline.saturating_sub(start.elapsed())));
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
