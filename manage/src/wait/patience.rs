//! What to wait for, and for how long.

use std::time::Duration;

use super::Target;

/// What to wait for, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What must be ready, all of it.
    pub targets: Vec<Target>,
    /// For how long, the same for each of them.
    pub patience: Patience,
}

/// How long to wait.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For everything together; `None` waits for ever.
    pub total: Option<Duration>,
    /// For one attempt, names, TLS, log-in and query included. It doubles, up to a minute, when attempts end by it.
    pub attempt: Duration,
    /// How long an error of the configuration may stand before it is final: the user may still be being created.
    pub fail_fast: FailFast,
    /// How long it must have answered before it is ready; any failure in between starts this anew.
    pub stable_for: Duration,
    /// Whether to make a single attempt.
    pub once: bool,
}

/// When an error of the configuration is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailFast {
    /// Once it has stood for so long; zero means at once.
    After(Duration),
    /// Never: it is waited for like any other.
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
