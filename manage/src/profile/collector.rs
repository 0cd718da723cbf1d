//! Adds up the times of one command.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report;
use super::totals::Totals;
use crate::console::{Stream, printable_lines};

/// The commands that are being profiled; only the last one counts. It contains more than one only if a
/// command runs command lines.
static RUNNING: Mutex<Vec<Arc<Collector>>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Arc<Collector>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the collector that connections currently report to.
pub(super) fn current() -> Option<Arc<Collector>> {
    running().last().cloned()
}

/// The framework's own work for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Reading the settings.
    Settings,
    /// The checks before the command, without reading settings and SQL.
    Checks,
}

/// Runs a function and adds its time to a part of the current profile, if any.
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

/// The times of one command, and where to print them.
pub(super) struct Collector {
    command: String,
    started: Instant,
    pub(super) stream: Stream,
    /// Whether to print each statement when it ends.
    pub(super) shows_each: bool,
    totals: Mutex<Totals>,
    is_reported: AtomicBool,
}

impl Collector {
    /// Starts a collector and makes it the current one.
    pub(super) fn start(command: &str, stream: &Stream, shows_each: bool) -> Arc<Self> {
        let collector = Arc::new(Self {
            command: command.to_owned(),
            started: Instant::now(),
            stream: stream.clone(),
            shows_each,
            totals: Mutex::default(),
            is_reported: AtomicBool::new(false),
        });
        running().push(Arc::clone(&collector));
        collector
    }

    /// Stops the collector.
    pub(super) fn stop(self: &Arc<Self>) {
        running().retain(|other| !Arc::ptr_eq(other, self));
    }

    /// Locks the totals. No foreign code runs under this lock.
    pub(super) fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the profile, once. A broken pipe is ignored.
    pub(super) fn tell(&self) {
        if !self.is_reported.swap(true, Ordering::SeqCst) {
            let text = report::text(&self.command, self.started.elapsed(), &self.totals());
            let _ = self.stream.line(printable_lines(&text));
        }
    }
}
