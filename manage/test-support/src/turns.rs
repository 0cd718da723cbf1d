//! Tests that run one after the other, on a thread of their own beside all others.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

type Outcome = Result<(), String>;
pub(crate) type Test = Box<dyn FnOnce() -> Outcome + Send>;

struct Turns {
    waiting: VecDeque<(String, Test)>,
    outcomes: BTreeMap<String, Outcome>,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns { waiting: VecDeque::new(), outcomes: BTreeMap::new() });
static NEWS: Condvar = Condvar::new();

fn turns() -> MutexGuard<'static, Turns> {
    TURNS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Says which tests will be asked for, and begins with the first one.
pub(crate) fn start(tests: VecDeque<(String, Test)>) {
    turns().waiting = tests;
    thread::spawn(|| {
        loop {
            let Some((name, test)) = turns().waiting.pop_front() else { return };
            let outcome = test();
            turns().outcomes.insert(name, outcome);
            NEWS.notify_all();
        }
    });
}

/// Waits for the outcome of a test.
pub(crate) fn outcome(name: &str) -> Outcome {
    let mut state = turns();
    loop {
        if let Some(outcome) = state.outcomes.remove(name) {
            return outcome;
        }
        state = NEWS.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
}
