//! Diesel's migrations: which there are, which are applied, and applying them one process at a time.
//!
//! The table is Diesel's own, so `diesel migration run` and `manage migrate` understand each other. This module knows
//! neither the command line nor printing.

mod apply;
mod control;
mod failure;
mod foreign_keys;
mod lock;
mod look;
mod plan;
mod recorder;
mod run;
mod script;
mod session;
mod sources;

pub use apply::{Progress, Step, apply};
pub use failure::{IrreversibleError, Left, StatementError, StepError};
pub use lock::{Lock, LockError};
pub use look::look;
pub use plan::{Direction, Plan, Row, Target, TargetError};
#[doc(hidden)]
pub use sources::Part;
pub use sources::{Migrations, Registration, SourceError};

pub(crate) use sources::has_migrations;
