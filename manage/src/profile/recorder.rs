//! What each connection tells, by Diesel's instrumentation.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::collector::{Collector, current};
use super::{report, statement};
use crate::console::printable;
use crate::database::is_connecting;

/// Lets every new connection have a recorder for as long as there is a profile.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // It fails only after a panic of somebody who was setting it.
        let _ = set_default_instrumentation(|| {
            current().map(|collector| Box::new(Recorder::new(collector)) as Box<dyn Instrumentation>)
        });
    });
}

struct Recorder {
    collector: Arc<Collector>,
    connecting: Option<Instant>,
    /// When the statements started that have not ended: more than one where a driver sends several at once.
    statements: Vec<Instant>,
}

impl Recorder {
    fn new(collector: Arc<Collector>) -> Self {
        Self { collector, connecting: None, statements: Vec::new() }
    }

    fn statement(&self, text: String, took: Duration, failed: bool) {
        // What a driver sends to set a new connection up is part of connecting.
        if is_connecting() {
            return;
        }
        if self.collector.tells_each {
            let _ = self.collector.stream.line(printable(&report::statement(took, failed, &text)));
        }
        self.collector.totals().statement(text, took, failed);
    }
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            // The URL holds a password: it is not looked at.
            InstrumentationEvent::StartEstablishConnection { .. } => self.connecting = Some(Instant::now()),
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
                self.statement(statement::shown(&query.to_string()), took, error.is_some());
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
