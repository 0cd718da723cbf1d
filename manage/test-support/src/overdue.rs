//! A limit for the time that one test may take.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, Once};
use std::thread;
use std::time::{Duration, Instant};

/// The tests that run.
static RUNNING: Mutex<BTreeMap<String, Run>> = Mutex::new(BTreeMap::new());

/// After this time a test is named, so that a run that is slow does not look like one that hangs.
const SLOW: Duration = Duration::from_secs(30);

struct Run {
    start: Instant,
    limit: Duration,
    is_named: bool,
}

fn running() -> MutexGuard<'static, BTreeMap<String, Run>> {
    RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs a test. If it takes longer than `limit`, the process ends and says which test it was: what hangs
/// cannot be made to return, and a run that others end does not tell.
pub(crate) fn limited<T>(name: &str, limit: Duration, test: impl FnOnce() -> T) -> T {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| drop(thread::spawn(watch)));
    let start = Instant::now();
    running().insert(name.to_owned(), Run { start, limit, is_named: false });
    let result = test();
    running().remove(name);
    write_time(name, start.elapsed());
    result
}

/// Appends to the file that `MANAGE_TEST_TIMES` names how long a test took, in seconds.
fn write_time(name: &str, time: Duration) {
    let Some(file) = std::env::var_os("MANAGE_TEST_TIMES") else { return };
    let file = OpenOptions::new().create(true).append(true).open(&file);
    let line = format!("{:8.2} {name}\n", time.as_secs_f64());
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the file of MANAGE_TEST_TIMES");
}

fn watch() {
    loop {
        thread::sleep(Duration::from_millis(500));
        let mut overdue = Vec::new();
        for (name, run) in running().iter_mut() {
            let time = run.start.elapsed();
            if time > run.limit {
                overdue.push(name.clone());
            } else if time > SLOW && !run.is_named {
                run.is_named = true;
                let _ = writeln!(
                    io::stderr(),
                    "test {name} has been running for over {} seconds",
                    SLOW.as_secs()
                );
            }
        }
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
