//! Reports a wait as text or JSON. All output is made of parts that may be shown.

mod json;
mod text;
mod words;

use std::time::Duration;

use self::json::Json;
use self::text::Text;
use crate::console::Stream;
use crate::error::{CommandError, Exit, Result};
use crate::wait::{Observer, Outcome, Plan, State, WaitSummary};

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Text,
    /// For programs
    Json,
}

/// An observer that writes to the console.
pub(crate) struct WaitReport(Kind);

enum Kind {
    Text(Text),
    Json(Json),
}

impl WaitReport {
    /// Text goes to both streams, JSON to `out` alone.
    pub(crate) fn new(format: Format, out: &Stream, err: &Stream, verbosity: u8) -> Self {
        Self(match format {
            Format::Text => Kind::Text(Text::new(out.clone(), err.clone(), verbosity)),
            Format::Json => Kind::Json(Json::new(out.clone())),
        })
    }

    /// Reports the result. In text a failure is an error.
    pub(crate) fn end(&mut self, plan: &Plan, waited: &WaitSummary) -> Result<Exit> {
        match &mut self.0 {
            Kind::Text(text) => text.end(plan, waited),
            Kind::Json(json) => json.end(waited),
        }
    }

    /// Reports that the arguments or the settings are wrong.
    pub(crate) fn broken(&mut self, error: anyhow::Error) -> Result<Exit> {
        match &mut self.0 {
            Kind::Text(_) => Err(error),
            Kind::Json(json) => {
                let exit = error.downcast_ref::<CommandError>().map_or(Exit::FAILURE, CommandError::code);
                json.broken(&error.to_string(), exit)
            }
        }
    }

    fn observer(&mut self) -> &mut dyn Observer {
        match &mut self.0 {
            Kind::Text(text) => text,
            Kind::Json(json) => json,
        }
    }
}

impl Observer for WaitReport {
    fn started(&mut self, states: &[State]) -> Result<()> {
        self.observer().started(states)
    }

    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        self.observer().unavailable(states, index, elapsed)
    }

    fn ready(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        self.observer().ready(states, index, elapsed)
    }

    fn tick(&mut self, states: &[State], elapsed: Duration) -> Result<()> {
        self.observer().tick(states, elapsed)
    }

    fn tick_every(&self) -> Duration {
        match &self.0 {
            Kind::Text(text) => text.tick_every(),
            Kind::Json(json) => json.tick_every(),
        }
    }
}

/// Returns the exit code of a wait.
fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Ready => Exit::SUCCESS,
        Outcome::TimedOut => Exit::TIMED_OUT,
        Outcome::Misconfigured => Exit::CONFIGURATION,
        Outcome::NotReady => Exit::FAILURE,
    }
}
