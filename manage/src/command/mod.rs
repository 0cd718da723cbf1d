//! What a command is, and how it is found.
//!
//! In reading order: [`Command`] is the small trait underneath; [`Registration`] is what `#[manage::command]` leaves
//! behind; [`Registry`] finds the command of a name; [`Outcome`] is what a command returns.

mod clashes;
mod definition;
mod elsewhere;
mod error;
mod exit;
mod refused;
mod registry;
mod unknown;
mod usage;
#[doc(hidden)]
pub mod value;

pub use crate::suggest::closest;
pub use definition::{Command, FunctionCommand, Properties, RequiredChecks};
pub use error::CommandError;
pub use exit::{Exit, IntoError, IntoExit, Outcome};
pub use registry::{App, Found, Location, Registration, Registry};
pub use unknown::UnknownCommand;
pub use usage::UsageError;

pub(crate) use clashes::{Clash, Named};
pub(crate) use registry::{BUILT_IN, FIXED};
pub(crate) use usage::usage_text;
