//! Which migrations are applied, and the steps to a target.

pub(crate) mod migration_plan;

pub(crate) use migration_plan::{Direction, MigrationPlan, MigrationTarget, PlannedMigration, TargetError};
