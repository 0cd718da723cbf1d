//! Hooks: functions of a project that are called before and after each command, for timing, auditing or
//! tracing.
//!
//! ```
//! use manage::hooks::{Event, Stage};
//! use manage::prelude::*;
//! use tracing::span::EnteredSpan;
//!
//! /// Enters a span, which contains all `tracing` events of the command
//! #[manage::hook]
//! fn trace(_cx: &Context, event: &Event<'_>) -> Result<Option<EnteredSpan>> {
//!     let begins = matches!(event.stage(), Stage::Before);
//!     Ok(begins.then(|| tracing::info_span!("command", name = event.command()).entered()))
//! }
//! ```
//!
//! The value that a hook returns before a command is kept until the command has ended. It is dropped after
//! the hook has been called for the end.
//!
//! `event` is what a hook receives; `run` finds the hooks of the listed apps and calls them.
//!
//! The guide in the book: [Hooks and profiling][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/hooks.md

mod event;
pub(crate) mod run;

pub use event::{Ended, Event, Stage};

pub(crate) use run::Hooks;
