//! Applies and reverts, under the lock.

use std::fmt;

use diesel_migrations::MigrationHarness;

use super::{Direction, Migrations, Plan, Row, Target};
use crate::database::Connection;
use crate::settings::Backend;

/// What is happening, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The step begins.
    Begin,
    /// The step is done.
    Done,
}

/// One step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Applied or reverted.
    pub direction: Direction,
    /// Which migration.
    pub row: Row,
}

/// Takes every step to the target. The caller holds the lock; what is to be done is read after that, since another
/// process may have done it meanwhile. On an error, the steps before it stay.
pub fn apply(
    connection: &mut Connection,
    migrations: &Migrations,
    target: &Target,
    mut progress: impl FnMut(Progress, &Step) -> crate::Result<()>,
) -> crate::Result<Vec<Step>> {
    let plan = Plan::read(connection, migrations)?;
    let steps: Vec<Step> =
        plan.steps(target).into_iter().map(|(direction, row)| Step { direction, row: row.clone() }).collect();
    if !steps.is_empty() {
        diesel::migration::MigrationConnection::setup(connection)?;
    }
    for step in &steps {
        let Some(entry) = Plan::entry(migrations, &step.row) else { continue };
        progress(Progress::Begin, step)?;
        let result = match step.direction {
            Direction::Apply => connection.run_migration(&*entry.migration),
            Direction::Revert => connection.revert_migration(&*entry.migration),
        };
        result.map_err(|error| StepError {
            step: step.clone(),
            // MySQL ends the transaction at each statement that changes a table.
            may_be_half_done: connection.backend() == Backend::Mysql
                || !entry.migration.metadata().run_in_transaction(),
            source: anyhow::anyhow!("{error}"),
        })?;
        progress(Progress::Done, step)?;
    }
    Ok(steps)
}

/// A step that failed.
#[derive(Debug)]
pub struct StepError {
    /// Which step.
    pub step: Step,
    /// Whether the statements before the one that failed may have stayed.
    pub may_be_half_done: bool,
    /// What the database said.
    pub source: anyhow::Error,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.step.direction {
            Direction::Apply => "applied",
            Direction::Revert => "reverted",
        };
        write!(f, "The migration {} could not be {verb}.", self.step.row.name)
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}
