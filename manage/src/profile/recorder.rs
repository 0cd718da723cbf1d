//! Records the statements of each connection, by Diesel's instrumentation.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::collector::{Collector, current};
use super::connecting::is_connecting;
use super::report;
use super::statement::{self, Quotes};
use crate::console::printable;

/// Adds a recorder to every new connection during a profile.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // This fails only after a panic while it was being set.
        let _ = set_default_instrumentation(|| {
            current().map(|collector| Box::new(Recorder::new(collector)) as Box<dyn Instrumentation>)
        });
    });
}

struct Recorder {
    collector: Arc<Collector>,
    connecting: Option<Instant>,
    quotes: Quotes,
    /// The start times of running statements; several if a driver pipelines them.
    statements: Vec<Instant>,
}

impl Recorder {
    fn new(collector: Arc<Collector>) -> Self {
        Self { collector, connecting: None, quotes: Quotes::default(), statements: Vec::new() }
    }

    fn statement(&self, text: String, took: Duration, failed: bool) {
        // Statements that a driver sends to set up a new connection are part of connecting.
        if is_connecting() {
            return;
        }
        if self.collector.shows_each {
            let _ = self.collector.stream.line(printable(&report::statement(took, failed, &text)));
        }
        self.collector.totals().statement(text, took, failed);
    }
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.connecting = Some(Instant::now());
                self.quotes = Quotes::of_url(url);
            }
            InstrumentationEvent::FinishEstablishConnection { error, .. } => {
                let took = self.connecting.take().map(|started| started.elapsed()).unwrap_or_default();
                let mut totals = self.collector.totals();
                totals.connecting += took;
                totals.connections += u64::from(error.is_none());
                totals.refused += u64::from(error.is_some());
            }
            InstrumentationEvent::StartQuery { .. } => self.statements.push(Instant::now()),
            InstrumentationEvent::FinishQuery { query, error, .. } => {
                let took = self.statements.pop().map(|started| started.elapsed()).unwrap_or_default();
                self.statement(statement::shown(&query.to_string(), self.quotes), took, error.is_some());
            }
            InstrumentationEvent::BeginTransaction { depth, .. } if depth.get() == 1 => {
                self.collector.totals().transactions += 1;
            }
            InstrumentationEvent::RollbackTransaction { depth, .. } if depth.get() == 1 => {
                self.collector.totals().rollbacks += 1;
            }
            _ => {}
        }
    }
}
