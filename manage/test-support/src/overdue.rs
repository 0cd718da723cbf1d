//! A limit for the time that one test may take.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, Once};
use std::thread;
use std::time::{Duration, Instant};

/// The tests that run, and until when each may.
static RUNNING: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());

fn running() -> MutexGuard<'static, BTreeMap<String, Instant>> {
    RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs a test. If it takes longer than `limit`, the process ends and says which test it was: what hangs
/// cannot be made to return, and a run that others end does not tell.
pub(crate) fn limited<T>(name: &str, limit: Duration, test: impl FnOnce() -> T) -> T {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| drop(thread::spawn(watch)));
    running().insert(name.to_owned(), Instant::now() + limit);
    let result = test();
    running().remove(name);
    result
}

fn watch() {
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = Instant::now();
        let overdue: Vec<_> =
            running().iter().filter(|(_, end)| **end < now).map(|(name, _)| name.clone()).collect();
        if !overdue.is_empty() {
            give_up(&overdue);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the thread of the test never returns")]
fn give_up(overdue: &[String]) {
    let _ = writeln!(io::stdout(), "\nTHESE TESTS TAKE TOO LONG: {}", overdue.join(", "));
    let _ = io::stdout().flush();
    show_stacks();
    std::process::exit(101);
}

/// Shows where each thread of this process is, if the debugger is installed.
fn show_stacks() {
    let own = std::process::id().to_string();
    // It writes by itself: a process that it has stopped reads nothing.
    let debugger = Command::new("gdb")
        .args(["-batch", "-p", &own, "-ex", "thread apply all backtrace 40"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if debugger.is_err() {
        let _ = writeln!(io::stdout(), "Where they are is shown if gdb is installed.");
    }
}
