//! What to wait for, and for how long.

use std::time::Duration;

use super::Target;

/// What to wait for, and for how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The targets, all of which must be ready.
    pub targets: Vec<Target>,
    /// How long to wait, for all targets.
    pub patience: Patience,
}

impl Plan {
    /// Creates a plan with the default patience.
    pub fn new(targets: impl IntoIterator<Item = Target>) -> Self {
        Self { targets: targets.into_iter().collect(), patience: Patience::default() }
    }
}

/// How long to wait. The defaults are one minute in total, five seconds for an attempt, and five seconds for
/// a configuration error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Patience {
    /// The total time limit; `None` waits forever.
    pub total: Option<Duration>,
    /// The time limit of one attempt, including name lookup, TLS, login and query. It doubles, up to a
    /// minute, while attempts time out.
    pub attempt: Duration,
    /// How long to tolerate a configuration error before failing permanently: the user may not have been
    /// created yet.
    pub fail_fast: FailFast,
    /// How long a target must have answered before it counts as ready; any failure restarts the clock.
    pub stable_for: Duration,
    /// Whether to make a single attempt.
    pub once: bool,
}

/// When a configuration error fails the wait permanently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailFast {
    /// After it has persisted for this long; zero means immediately.
    After(Duration),
    /// Never: it is retried like any other error.
    Never,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            total: Some(Duration::from_secs(60)),
            attempt: Duration::from_secs(5),
            fail_fast: FailFast::After(Duration::from_secs(5)),
            stable_for: Duration::ZERO,
            once: false,
        }
    }
}
