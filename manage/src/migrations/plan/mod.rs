//! Which migrations are applied, the steps to a target, and what is wrong with them.

mod integrity;
pub(crate) mod migration_plan;
mod steps;
pub(crate) mod target;

pub(crate) use migration_plan::{Direction, MigrationPlan, PlannedMigration, PlannedStep};
pub(crate) use target::{MigrationTarget, TargetError};
