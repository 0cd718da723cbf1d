//! Reloading on systems with Unix sockets.
//!
//! In reading order: `origin` and `selection` find out how cargo built the program; `scope` says which files
//! matter, from cargo's own list (`dep_info`); `watching` reports their changes; `cargo` builds; `served` starts
//! a program and talks to it by `link`; `supervisor` decides what follows what; `lock_holder`, `polled` and
//! `keys` are details of the operating system.

mod cargo;
mod dep_info;
mod keys;
mod link;
mod lock_holder;
mod origin;
mod polled;
mod scope;
mod selection;
mod served;
mod supervise;
mod supervisor;
mod watching;

pub(crate) use {link::Link, origin::Origin, supervise::supervise};

use super::{BuildState, Ending, Event, Reloading, Report};
