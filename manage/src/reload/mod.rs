//! Rebuilds a running program when its sources change, and replaces it without a gap. It knows no HTTP.
//!
//! One process, the supervisor, holds the listening socket and starts the program with it. After a change it
//! runs cargo, starts the new program, waits until that says that it is ready, and only then lets the old one
//! finish: at every moment some process accepts connections, and none that was accepted is cut.
//!
//! In reading order: `origin` and `selection` find out how cargo built the program; `scope` says which files matter, from
//! cargo's own list (`dep_info`); `watching` reports their changes; `cargo` builds; `served` starts a program
//! and talks to it by `link`; `supervisor` decides what follows what; `lock_holder`, `polled` and `keys` are
//! details of the operating system. Without the feature `reload`, and on systems without Unix sockets, `absent`
//! says that there is none of this.

#[cfg(not(all(unix, feature = "reload")))]
mod absent;
#[cfg(all(unix, feature = "reload"))]
mod cargo;
#[cfg(all(unix, feature = "reload"))]
mod dep_info;
mod event;
#[cfg(all(unix, feature = "reload"))]
mod keys;
#[cfg(all(unix, feature = "reload"))]
mod link;
#[cfg(all(unix, feature = "reload"))]
mod lock_holder;
#[cfg(all(unix, feature = "reload"))]
mod origin;
#[cfg(all(unix, feature = "reload"))]
mod polled;
#[cfg(all(unix, feature = "reload"))]
mod scope;
#[cfg(all(unix, feature = "reload"))]
mod selection;
#[cfg(all(unix, feature = "reload"))]
mod served;
mod state;
#[cfg(all(unix, feature = "reload"))]
mod supervise;
#[cfg(all(unix, feature = "reload"))]
mod supervisor;
#[cfg(all(unix, feature = "reload"))]
mod watching;

#[cfg(not(all(unix, feature = "reload")))]
pub(crate) use absent::{Link, Origin, supervise};
pub(crate) use event::{Event, Report};
pub(crate) use state::{BuildState, Ending, Reloading};
#[cfg(all(unix, feature = "reload"))]
pub(crate) use {link::Link, origin::Origin, supervise::supervise};
