//! One JSON object a line.

use std::time::Duration;

use serde::Serialize;

use super::exit;
use crate::console::Stream;
use crate::database::ConnectError;
use crate::wait::{Observer, Outcome, State, Waited};
use crate::{Exit, Result};

pub(super) struct Json {
    out: Stream,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Waiting {
        targets: Vec<&'a str>,
    },
    Unavailable {
        target: &'a str,
        #[serde(flatten)]
        why: Why<'a>,
        attempts: u32,
        elapsed_seconds: f64,
    },
    Ready {
        target: &'a str,
        version: Option<&'a str>,
        attempts: u32,
        elapsed_seconds: f64,
    },
    Summary {
        outcome: &'static str,
        exit_code: u8,
        message: Option<&'a str>,
        attempts: u32,
        elapsed_seconds: f64,
        targets: Vec<Summary<'a>>,
    },
}

#[derive(Serialize)]
struct Why<'a> {
    reason: &'static str,
    code: Option<&'a str>,
    message: &'a str,
    hint: Option<&'a str>,
    transient: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    target: &'a str,
    ready: bool,
    reached: Option<&'a str>,
    attempts: u32,
    #[serde(flatten)]
    why: Option<Why<'a>>,
}

impl<'a> Why<'a> {
    fn of(error: &'a ConnectError) -> Self {
        Self {
            reason: error.reason.name(),
            code: error.code.as_deref(),
            message: &error.message,
            hint: error.hint.as_deref(),
            transient: error.reason.is_transient(),
        }
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).round() / 1_000.0
}

impl Json {
    pub(super) fn new(out: Stream) -> Self {
        Self { out }
    }

    fn write(&self, event: &Event<'_>) -> Result<()> {
        Ok(self.out.line(serde_json::to_string(event)?)?)
    }

    pub(super) fn end(&self, waited: &Waited) -> Result<Exit> {
        let exit = exit(waited.outcome);
        let outcome = match waited.outcome {
            Outcome::Ready => "ready",
            Outcome::TimedOut => "timed_out",
            Outcome::Misconfigured => "configuration_error",
            Outcome::NotReady => "not_ready",
        };
        let targets = waited.states.iter().map(|state| Summary {
            target: &state.name,
            ready: state.reached.is_some(),
            reached: state.reached.as_ref().map(|reached| reached.what.as_str()),
            attempts: state.attempts,
            why: state.error.as_ref().map(Why::of),
        });
        self.write(&Event::Summary {
            outcome,
            exit_code: exit.0,
            message: None,
            attempts: waited.states.iter().map(|state| state.attempts).sum(),
            elapsed_seconds: seconds(waited.elapsed),
            targets: targets.collect(),
        })?;
        Ok(exit)
    }

    pub(super) fn broken(&self, message: &str, exit: Exit) -> Result<Exit> {
        self.write(&Event::Summary {
            outcome: if exit == Exit::USAGE { "usage_error" } else { "configuration_error" },
            exit_code: exit.0,
            message: Some(message),
            attempts: 0,
            elapsed_seconds: 0.0,
            targets: Vec::new(),
        })?;
        Ok(exit)
    }
}

impl Observer for Json {
    fn started(&mut self, states: &[State]) -> Result<()> {
        self.write(&Event::Waiting { targets: states.iter().map(|state| state.name.as_str()).collect() })
    }

    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let state = &states[index];
        let Some(error) = &state.error else { return Ok(()) };
        self.write(&Event::Unavailable {
            target: &state.name,
            why: Why::of(error),
            attempts: state.attempts,
            elapsed_seconds: seconds(elapsed),
        })
    }

    fn ready(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let state = &states[index];
        self.write(&Event::Ready {
            target: &state.name,
            version: state.reached.as_ref().and_then(|reached| reached.version.as_deref()),
            attempts: state.attempts,
            elapsed_seconds: seconds(elapsed),
        })
    }
}
