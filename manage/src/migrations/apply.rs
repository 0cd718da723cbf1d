//! Applies and reverts, under the lock.

use anyhow::Context as _;

use super::failure::{IrreversibleError, StepError};
use super::foreign_keys::Violations;
use super::run::run;
use super::session::Session;
use super::{Direction, Migrations, Plan, Row, Target};
use crate::database::Connection;
use crate::settings::Backend;

/// What is happening, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The step begins.
    Begin,
    /// The step is done.
    Done,
    /// Something of which the first step should not be the first to hear; it comes before that begins.
    Warning(&'a str),
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
/// process may have done it meanwhile. Where a step has no file, none is taken; on another error, the steps before it stay.
///
/// Each migration finds the session as it was before the first one: settings that a migration changes are set back. On SQLite
/// foreign keys are off while it runs, and are checked before it is committed.
pub fn apply(
    connection: &mut Connection,
    migrations: &Migrations,
    target: &Target,
    mut progress: impl FnMut(Progress<'_>, &Step) -> crate::Result<()>,
) -> crate::Result<Vec<Step>> {
    let plan = Plan::read(connection, migrations)?;
    let steps: Vec<Step> =
        plan.steps(target).into_iter().map(|(direction, row)| Step { direction, row: row.clone() }).collect();
    let Some(first) = steps.first() else { return Ok(steps) };
    plan.check_reversible(migrations, target)?;
    diesel::migration::MigrationConnection::setup(connection)?;
    let mut violations = Violations::default();
    if connection.backend() == Backend::Sqlite {
        violations = Violations::read(connection)?;
        if !violations.is_empty() {
            progress(Progress::Warning(&format!("Foreign keys are violated already: {violations}.")), first)?;
        }
    }
    let session = Session::save(connection)?;
    for step in &steps {
        let Some(entry) = migrations.entry(&step.row) else { continue };
        progress(Progress::Begin, step)?;
        let restored =
            run(connection, entry, step.direction, &session, &mut violations).map_err(|failure| {
                StepError {
                    step: step.clone(),
                    left: failure.left,
                    source: failure.source,
                    remedy: failure.remedy,
                }
            })?;
        progress(Progress::Done, step)?;
        restored
            .with_context(|| format!("After {} the session's settings cannot be set back.", step.row.name))?;
    }
    Ok(steps)
}

impl Plan {
    /// Fails where a migration would have to be reverted that has no `down.sql`.
    pub fn check_reversible(
        &self,
        migrations: &Migrations,
        target: &Target,
    ) -> Result<(), IrreversibleError> {
        let rows: Vec<Row> = self
            .steps(target)
            .into_iter()
            .filter(|(direction, row)| *direction == Direction::Revert && !migrations.is_reversible(row))
            .map(|(_, row)| row.clone())
            .collect();
        if rows.is_empty() { Ok(()) } else { Err(IrreversibleError { rows }) }
    }
}
