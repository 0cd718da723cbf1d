//! Interaction with the user: prompts, confirmation, and progress.
//!
//! `context` has the methods for commands. `prompt` is the prompt, which `lines` repeats until the answer is
//! valid: on the process's `terminal`, with an `editor` or a `menu`, or from an input. `confirmation` is for
//! destructive operations.

mod confirmation;
mod context;
#[cfg(feature = "terminal")]
mod editor;
#[cfg(feature = "terminal")]
mod lines;
#[cfg(feature = "terminal")]
mod menu;
#[cfg(feature = "terminal")]
mod prompt;
#[cfg(feature = "terminal")]
mod terminal;

pub use confirmation::{Confirmation, Confirmed};
#[cfg(feature = "terminal")]
pub use prompt::Prompt;
