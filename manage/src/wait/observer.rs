//! What a wait tells while it lasts, and how it ended.

use std::time::Duration;

use super::Reached;
use crate::Result;
use crate::database::ConnectError;

/// How one target stands.
#[derive(Clone, Debug)]
pub struct State {
    /// The target, by allowed parts: `PostgreSQL at db:5432/app as app`.
    pub name: String,
    /// Whether it is a database of the settings, rather than another service.
    pub is_database: bool,
    /// Whom it is logged in as, if anybody.
    pub user: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why it was not ready when it was last asked; none before the first failure.
    pub error: Option<ConnectError>,
    /// What answered, if it is ready.
    pub reached: Option<Reached>,
    /// When it was found ready, from the start of the wait.
    pub elapsed: Duration,
}

/// How a wait ended.
#[derive(Clone, Debug)]
pub struct Waited {
    /// For all targets together.
    pub outcome: Outcome,
    /// In the order of the plan's targets.
    pub states: Vec<State>,
    /// How long it took.
    pub elapsed: Duration,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every target has answered.
    Ready,
    /// Time is up.
    TimedOut,
    /// Waiting will not help: an error of the configuration has stood long enough.
    Misconfigured,
    /// The single attempt failed, and waiting may help.
    NotReady,
}

/// Hears what happens during a wait. An error that it returns ends the wait.
pub trait Observer {
    /// The wait begins.
    fn started(&mut self, states: &[State]) -> Result<()> {
        let _ = states;
        Ok(())
    }

    /// A target is not ready, for another reason than before. The time counts from the start of the wait.
    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let _ = (states, index, elapsed);
        Ok(())
    }

    /// A target is ready.
    fn ready(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let _ = (states, index, elapsed);
        Ok(())
    }

    /// Some time has passed.
    fn tick(&mut self, states: &[State], elapsed: Duration) -> Result<()> {
        let _ = (states, elapsed);
        Ok(())
    }

    /// How often to call [`Observer::tick`].
    fn tick_every(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// An observer that tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {}
