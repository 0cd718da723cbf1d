//! Hooks: functions of a project that are called before and after each command, to time it, to audit it, to trace it.
//!
//! ```
//! use manage::hooks::{Event, Stage};
//! use manage::prelude::*;
//! use tracing::span::EnteredSpan;
//!
//! /// All that a command says to `tracing` is said inside of its span.
//! #[manage::hook]
//! fn trace(_cx: &Context, event: &Event<'_>) -> Result<Option<EnteredSpan>> {
//!     let begins = matches!(event.stage(), Stage::Before);
//!     Ok(begins.then(|| tracing::info_span!("command", name = event.command()).entered()))
//! }
//! ```
//!
//! What a hook returns before a command is kept until that has ended, and dropped after the hook was told so.
//!
//! `event` is what a hook is told; `run` finds the hooks of the listed apps and calls them.

mod event;
mod run;

pub use event::{Ended, Event, Stage};
pub use run::{Hook, HookRegistration, Kept, kept};

pub(crate) use run::{Hooks, Watched};
