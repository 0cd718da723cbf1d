//! Events of a wait, and its result.

use std::time::Duration;

use super::ReadyTarget;
use crate::database::ConnectError;
use crate::error::Result;

/// The state of one target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct State {
    /// The target, without secrets: `PostgreSQL at db:5432/app as app`.
    pub name: String,
    /// Whether it is a database of the settings, rather than another service.
    pub is_database: bool,
    /// The login user, if any.
    pub user: Option<String>,
    /// The number of attempts.
    pub attempts: u32,
    /// Why it was not ready at the last attempt; `None` before the first failure.
    pub error: Option<ConnectError>,
    /// The server that answered, if it is ready.
    pub reached: Option<ReadyTarget>,
    /// When it became ready, counted from the start of the wait.
    pub elapsed: Duration,
}

/// The result of a wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WaitSummary {
    /// The outcome for all targets together.
    pub outcome: Outcome,
    /// One state per target, in the order of the plan.
    pub states: Vec<State>,
    /// How long it took.
    pub elapsed: Duration,
}

/// The result of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Every target has answered.
    Ready,
    /// The total time limit has passed.
    TimedOut,
    /// Waiting will not help: a configuration error has persisted for too long.
    Misconfigured,
    /// The single attempt failed; waiting may help.
    NotReady,
}

/// Receives the events of a wait. An error that it returns ends the wait.
pub trait Observer {
    /// Called when the wait begins.
    fn started(&mut self, states: &[State]) -> Result<()> {
        let _ = states;
        Ok(())
    }

    /// Called when a target is not ready, for a new reason. `elapsed` counts from the start of the wait.
    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let _ = (states, index, elapsed);
        Ok(())
    }

    /// Called when a target is ready.
    fn ready(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let _ = (states, index, elapsed);
        Ok(())
    }

    /// Called periodically.
    fn tick(&mut self, states: &[State], elapsed: Duration) -> Result<()> {
        let _ = (states, elapsed);
        Ok(())
    }

    /// Returns how often to call [`Observer::tick`].
    fn tick_every(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// An observer that ignores all events.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoopObserver;

impl Observer for NoopObserver {}
