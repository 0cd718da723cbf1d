//! Hooks: functions of a project that are called before and after each command, to time it, to audit it, to trace it.
//!
//! `event` is what a hook is told; `run` finds the hooks of the listed apps and calls them.

mod event;
mod run;

pub use event::{Ended, Event, Stage};
pub use run::{Hook, HookRegistration};

pub(crate) use run::{Hooks, Watched};
