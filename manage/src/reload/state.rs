//! What a program and its supervisor know of each other.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Origin;

/// How to reload.
pub(crate) struct Reloading {
    pub(crate) origin: Origin,
    /// The arguments of each program.
    pub(crate) arguments: Vec<OsString>,
    /// Each program gets it.
    pub(crate) listener: TcpListener,
    /// The files that a program reads when it starts, whether they exist or not.
    pub(crate) settings: Vec<PathBuf>,
    /// Whether to look at the files again and again, instead of waiting for events.
    pub(crate) poll: bool,
    /// Whether compilers may write colours.
    pub(crate) color: bool,
    /// How long an old program may take to finish.
    pub(crate) grace: Duration,
    /// Answers while no program does. Without it, connections wait for the next program.
    pub(crate) stand_in: Option<Box<dyn StandIn>>,
}

/// Answers requests at the listening socket while no program can.
pub(crate) trait StandIn {
    /// Begins to answer. `build` says why there is no program.
    fn begin(&mut self, build: watch::Receiver<Arc<BuildState>>);

    /// Accepts no more connections, and finishes what was begun.
    fn end(&mut self);
}

/// What became of the last change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BuildState {
    /// The running program is up to date.
    #[default]
    UpToDate,
    /// Cargo runs, or the new program starts.
    Building,
    /// There is no newer program; this is why, without colours.
    Failed(String),
    /// A newer program has taken over.
    Replaced,
}

/// How the program is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// It goes on.
    NotYet,
    /// A newer program accepts connections: finish what was begun.
    Finish,
    /// End as after SIGTERM.
    Stop,
    /// The supervisor is gone.
    Orphaned,
}
