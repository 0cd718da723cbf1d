//! Diesel's migrations: which there are, which are applied, and applying them one process at a time.
//!
//! The table is Diesel's own, so `diesel migration run` and `manage migrate` understand each other. This module knows
//! neither the command line nor printing.

mod apply;
mod lock;
mod look;
mod plan;
mod sources;

pub use apply::{Progress, Step, StepError, apply};
pub use lock::{Lock, LockError};
pub use look::look;
pub use plan::{Direction, Plan, Row, Target, TargetError};
pub use sources::{Migrations, Registration, SourceError};

pub(crate) use sources::has_migrations;
