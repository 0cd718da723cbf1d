//! Adds up the times of one command.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{recorder, report};
use crate::cancellation::{LastWords, last_words};
use crate::console::Stream;

/// How many different statements are told apart. A command that writes values into its SQL makes a new one each time.
const STATEMENTS: usize = 1_000;

/// The commands that are being profiled; the last one has the say. There is more than one only where code runs command lines.
static RUNNING: Mutex<Vec<Arc<Collector>>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Arc<Collector>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one that connections of this moment tell.
pub(super) fn current() -> Option<Arc<Collector>> {
    running().last().cloned()
}

/// What the framework itself does for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Reading the settings.
    Settings,
    /// The checks before the command, without what they read and ask.
    Checks,
}

/// Does something; when there is a profile, the time goes into a part of it.
pub(crate) fn time<T>(part: Part, work: impl FnOnce() -> T) -> T {
    let Some(collector) = current() else { return work() };
    let (before, started) = (collector.totals().accounted(), Instant::now());
    let answer = work();
    let took = started.elapsed();
    let mut totals = collector.totals();
    let own = took.saturating_sub(totals.accounted().saturating_sub(before));
    match part {
        Part::Settings => totals.settings += own,
        Part::Checks => totals.checks += own,
    }
    answer
}

/// How often a statement ran, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ran {
    pub(super) count: u64,
    pub(super) total: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) settings: Duration,
    pub(super) checks: Duration,
    pub(super) connections: u64,
    pub(super) refused: u64,
    pub(super) connecting: Duration,
    pub(super) sql: Ran,
    pub(super) failed: u64,
    pub(super) transactions: u64,
    pub(super) rollbacks: u64,
    pub(super) statements: HashMap<String, Ran>,
    /// Those that had no place among the statements.
    pub(super) others: Ran,
}

impl Totals {
    /// What is explained so far.
    pub(super) fn accounted(&self) -> Duration {
        self.settings + self.checks + self.connecting + self.sql.total
    }

    pub(super) fn statement(&mut self, text: String, took: Duration, failed: bool) {
        self.failed += u64::from(failed);
        let has_place = self.statements.len() < STATEMENTS || self.statements.contains_key(&text);
        let ran = if has_place { self.statements.entry(text).or_default() } else { &mut self.others };
        for ran in [ran, &mut self.sql] {
            ran.count += 1;
            ran.total += took;
        }
    }
}

/// The times of one command, and where they shall be told.
pub(super) struct Collector {
    pub(super) command: String,
    pub(super) started: Instant,
    pub(super) stream: Stream,
    /// Whether each statement is told when it ends.
    pub(super) tells_each: bool,
    totals: Mutex<Totals>,
    is_told: AtomicBool,
}

impl Collector {
    /// No code of others runs under this lock.
    pub(super) fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the profile, once. A reader that has gone is no trouble.
    fn tell(&self) {
        if !self.is_told.swap(true, Ordering::SeqCst) {
            let text = report::text(&self.command, self.started.elapsed(), &self.totals());
            let _ = self.stream.line(text);
        }
    }
}

/// A profile that is being taken. It is printed when this drops: also after an error, a panic, or a signal.
pub(crate) struct Profile {
    collector: Arc<Collector>,
    _last_words: LastWords,
}

impl Profile {
    pub(crate) fn start(command: &str, stream: &Stream, tells_each: bool) -> Self {
        let collector = Arc::new(Collector {
            command: command.to_owned(),
            started: Instant::now(),
            stream: stream.clone(),
            tells_each,
            totals: Mutex::default(),
            is_told: AtomicBool::new(false),
        });
        running().push(Arc::clone(&collector));
        recorder::install();
        let words = Arc::clone(&collector);
        Self { collector, _last_words: last_words(move || words.tell()) }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        running().retain(|other| !Arc::ptr_eq(other, &self.collector));
        self.collector.tell();
    }
}
