//! Running migrations: `apply` takes the steps to a target, `migration` runs the statements of one.

pub(crate) mod apply;
mod control;
mod failure;
mod foreign_keys;
mod migration;
mod session;

pub(crate) use apply::{Step, StepEvent, apply};
pub(crate) use failure::{IrreversibleError, StatementError, StepError};
