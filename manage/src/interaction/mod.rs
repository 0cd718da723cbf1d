//! The person at the terminal: questions, consent, and progress to look at.
//!
//! `context` is what a command calls; `prompt` is a question, which `lines` asks until there is an answer: on the process's
//! `terminal`, in the line of an `editor` or a `menu`, or from an input; `confirmation` is consent to work that destroys something.

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
