//! Applies and reverts migrations, under the lock.

use anyhow::Context as _;

use super::failure::{IrreversibleError, StepError};
use super::foreign_keys::Violations;
use super::migration::run;
use super::session::MigrationSession;
use crate::database::Connection;
use crate::migrations::{Direction, MigrationPlan, MigrationTarget, Migrations, PlannedMigration};
use crate::settings::Backend;

/// An event of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEvent<'a> {
    /// The step begins.
    Begin,
    /// The step is done.
    Done,
    /// A warning, which is sent before the first step.
    Warning(&'a str),
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Applied or reverted.
    pub direction: Direction,
    /// Which migration.
    pub row: PlannedMigration,
}

/// Takes every step to the target. The caller must hold the lock; the plan is read under it, because another
/// process may have migrated meanwhile. If a step has no file, no step is taken. On another error, the
/// effects of the preceding steps persist.
///
/// Each migration starts with the session settings from before the first one: settings that a migration
/// changes are restored. On SQLite, foreign keys are off during a migration, and all references are checked
/// before it is committed.
pub fn apply(
    connection: &mut Connection,
    migrations: &Migrations,
    target: &MigrationTarget,
    mut progress: impl FnMut(StepEvent<'_>, &Step) -> crate::error::Result<()>,
) -> crate::error::Result<Vec<Step>> {
    let plan = MigrationPlan::read(connection, migrations)?;
    let steps: Vec<Step> =
        plan.steps(target).into_iter().map(|(direction, row)| Step { direction, row: row.clone() }).collect();
    let Some(first) = steps.first() else { return Ok(steps) };
    plan.check_reversible(migrations, target)?;
    diesel::migration::MigrationConnection::setup(connection)?;
    let mut violations = Violations::default();
    if connection.backend() == Backend::Sqlite {
        violations = Violations::read(connection)?;
        if !violations.is_empty() {
            progress(
                StepEvent::Warning(&format!("Foreign keys are violated already: {violations}.")),
                first,
            )?;
        }
    }
    let session = MigrationSession::save(connection)?;
    for step in &steps {
        let Some(entry) = migrations.entry(&step.row) else { continue };
        progress(StepEvent::Begin, step)?;
        let restored =
            run(connection, entry, step.direction, &session, &mut violations).map_err(|failure| {
                StepError {
                    step: step.clone(),
                    left: failure.left,
                    source: failure.source,
                    remedy: failure.remedy,
                }
            })?;
        progress(StepEvent::Done, step)?;
        restored
            .with_context(|| format!("After {} the session's settings cannot be restored.", step.row.name))?;
    }
    Ok(steps)
}

impl MigrationPlan {
    /// Fails if a migration to revert has no `down.sql`.
    pub fn check_reversible(
        &self,
        migrations: &Migrations,
        target: &MigrationTarget,
    ) -> Result<(), IrreversibleError> {
        let rows: Vec<PlannedMigration> = self
            .steps(target)
            .into_iter()
            .filter(|(direction, row)| *direction == Direction::Revert && !migrations.is_reversible(row))
            .map(|(_, row)| row.clone())
            .collect();
        if rows.is_empty() { Ok(()) } else { Err(IrreversibleError { rows }) }
    }
}
