//! Adds up the times of one command.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report;
use super::totals::Totals;
use crate::console::{Stream, printable_lines};

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

/// The times of one command, and where they shall be told.
pub(super) struct Collector {
    command: String,
    started: Instant,
    pub(super) stream: Stream,
    /// Whether each statement is told when it ends.
    pub(super) tells_each: bool,
    totals: Mutex<Totals>,
    is_told: AtomicBool,
}

impl Collector {
    /// The one that has the say from now on.
    pub(super) fn start(command: &str, stream: &Stream, tells_each: bool) -> Arc<Self> {
        let collector = Arc::new(Self {
            command: command.to_owned(),
            started: Instant::now(),
            stream: stream.clone(),
            tells_each,
            totals: Mutex::default(),
            is_told: AtomicBool::new(false),
        });
        running().push(Arc::clone(&collector));
        collector
    }

    /// Nobody tells it any more.
    pub(super) fn stop(self: &Arc<Self>) {
        running().retain(|other| !Arc::ptr_eq(other, self));
    }

    /// No code of others runs under this lock.
    pub(super) fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the profile, once. A reader that has gone is no trouble.
    pub(super) fn tell(&self) {
        if !self.is_told.swap(true, Ordering::SeqCst) {
            let text = report::text(&self.command, self.started.elapsed(), &self.totals());
            let _ = self.stream.line(printable_lines(&text));
        }
    }
}
