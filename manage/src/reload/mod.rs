//! Rebuilds a running program when its sources change, and replaces it without a gap. It knows no HTTP.
//!
//! One process, the supervisor, holds the listening socket and starts the program with it. After a change it
//! runs cargo, starts the new program, waits until that says that it is ready, and only then lets the old one
//! finish: at every moment some process accepts connections, and none that was accepted is cut. While no program
//! can run, a [`StandIn`] answers.
//!
//! `supervision` does all of this; `event` and `state` are what it reports. Without the feature `reload`, and on
//! systems without Unix sockets, `absent` says that there is none of it.

#[cfg(not(all(unix, feature = "reload")))]
mod absent;
mod event;
mod state;
#[cfg(all(unix, feature = "reload"))]
mod supervision;

#[cfg(not(all(unix, feature = "reload")))]
pub(crate) use absent::{Link, Origin, supervise};
pub(crate) use event::{Event, Report};
#[cfg(debug_assertions)]
pub(crate) use state::StandIn;
pub(crate) use state::{BuildState, Ending, Reloading};
#[cfg(all(unix, feature = "reload"))]
pub(crate) use supervision::{Link, Origin, supervise};
