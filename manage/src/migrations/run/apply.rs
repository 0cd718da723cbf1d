//! Applies and reverts migrations, under the lock.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::engines::Engines;
use super::failure::{
    EditedError, Failure, IrreversibleError, OrderError, PartlyReplacedError, StoppedError,
};
use super::fake::{self, Fake, Faking};
use super::foreign_keys::Violations;
use super::interrupt::Interrupt;
use super::limits::Limits;
use super::migration::{Environment, Migration, run};
use super::options::{Answer, ApplyOptions, Follow, MigrationObserver, UnclearStatement};
use super::session::MigrationSession;
use crate::database::Connection;
use crate::migrations::journal::{Journal, Recorded, State, read};
use crate::migrations::{
    Direction, MigrationPlan, MigrationTarget, Migrations, PlannedMigration, PlannedStep,
};
use crate::settings::Backend;

/// An event of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEvent<'a> {
    /// The step begins.
    Begin,
    /// Something noteworthy happened during the step.
    Note(&'a str),
    /// The step, or a statement of it, is tried again.
    Retry(&'a str),
    /// The step is done.
    Done,
    /// The step was recorded without being run.
    Faked,
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
    /// Whether it continues what an earlier run began.
    pub continues: bool,
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
    progress: impl FnMut(StepEvent<'_>, &Step) -> crate::error::Result<()>,
) -> crate::error::Result<Vec<Step>> {
    apply_with(connection, migrations, &ApplyOptions::to(target.clone()), &mut Follow(progress))
}

/// Like [`apply`], with options.
pub(crate) fn apply_with(
    connection: &mut Connection,
    migrations: &Migrations,
    options: &ApplyOptions,
    observer: &mut dyn MigrationObserver,
) -> crate::error::Result<Vec<Step>> {
    let (mut tables, mut recorded) = read(connection)?;
    let is_open = |version| recorded.journal.get(version).is_some_and(|row| row.state != State::Finished);
    let restarts =
        options.answers.iter().filter(|(version, answer)| *answer == Answer::Restart && is_open(version));
    let restarts: Vec<&str> = restarts.map(|(version, _)| version.as_str()).collect();
    for version in restarts {
        let journal = Journal::open(connection, tables.take())?;
        journal.forget(connection, version)?;
        (tables, recorded) = read(connection)?;
    }
    let plan = MigrationPlan::new(migrations, &recorded);
    let planned = plan.steps(&options.target);
    let Some(first) = planned.first() else { return Ok(Vec::new()) };
    plan.check(migrations, &planned, options)?;
    let late: Vec<&str> = plan.late_steps(&planned).iter().map(|row| row.name.as_str()).collect();
    if !late.is_empty() {
        let text = format!("Out of order, since newer migrations are applied already: {}.", late.join(", "));
        observer.event(StepEvent::Warning(&text), &Step::from(*first))?;
    }
    let journal = Journal::open(connection, tables)?;
    let mut violations = Violations::default();
    if connection.backend() == Backend::Sqlite {
        violations = Violations::read(connection)?;
        if !violations.is_empty() {
            let text = format!("Foreign keys are violated already: {violations}.");
            observer.event(StepEvent::Warning(&text), &Step::from(*first))?;
        }
    }
    let mut session = MigrationSession::save(connection)?;
    let limits = Limits::new(options.limits, &session, connection.backend());
    limits.begin(connection, &mut session)?;
    let interrupt = Interrupt::new(&options.cancellation, connection);
    let environment = Environment {
        session: &session,
        journal: &journal,
        limits: &limits,
        interrupt: &interrupt,
        is_pooled: options.is_pooled,
    };
    let steps: Vec<Step> = planned.into_iter().map(Step::from).collect();
    let taken =
        take(connection, migrations, options, &steps, (&recorded, &mut violations), &environment, observer);
    drop(interrupt);
    // If that fails, so did the connection, and its settings ended with it.
    let restored = limits.end(connection);
    taken?;
    restored.context("The session's settings cannot be restored.")?;
    Ok(steps)
}

/// Takes the steps, which were checked.
fn take(
    connection: &mut Connection,
    migrations: &Migrations,
    options: &ApplyOptions,
    steps: &[Step],
    (recorded, violations): (&Recorded, &mut Violations),
    environment: &Environment<'_>,
    observer: &mut dyn MigrationObserver,
) -> crate::error::Result<()> {
    let mut engines = Engines::default();
    let mut noted: BTreeSet<&str> = recorded.noted.iter().map(String::as_str).collect();
    for (taken, step) in steps.iter().enumerate() {
        let Some(entry) = migrations.entry(&step.row) else { continue };
        environment.interrupt.check().map_err(|cancelled| StoppedError {
            cancelled,
            taken,
            failed: None,
            next: step.row.name.clone(),
        })?;
        observer.event(StepEvent::Begin, step)?;
        let earlier = recorded.journal.get(&entry.version).filter(|_| step.continues);
        match options.fake.decide(connection, migrations, entry, step, earlier)? {
            Faking::Run => {}
            Faking::Record => {
                fake::record(connection, environment.journal, entry, step.direction)
                    .with_context(|| format!("The migration {} cannot be recorded.", step.row.name))?;
                observer.event(StepEvent::Faked, step)?;
                continue;
            }
            Faking::Continue => {
                let text = format!(
                    "It is continued and not faked, because an earlier run has begun it. If its tables are not of that \
                     run, run `migrate --resume {}=restart --fake-initial`.",
                    step.row.version
                );
                observer.event(StepEvent::Note(&text), step)?;
            }
        }
        let answer = options.answers.iter().find(|(version, _)| *version == step.row.version);
        let migration = Migration {
            entry,
            direction: step.direction,
            environment,
            is_new: noted.insert(&entry.version),
            earlier,
            answer: answer.map(|(_, answer)| *answer).filter(|_| step.continues),
        };
        let mut notes = Notes { observer: &mut *observer, step };
        let restored = run(connection, &migration, violations, &mut engines, &mut notes);
        let restored = restored.map_err(|failure| match (failure, environment.interrupt.check()) {
            (Failure::Step(failure), Err(cancelled)) => StoppedError {
                cancelled,
                taken,
                next: step.row.name.clone(),
                failed: Some(Box::new(failure.of_step(step))),
            }
            .into(),
            (failure, _) => failure.of_step(step),
        })?;
        observer.event(StepEvent::Done, step)?;
        restored
            .with_context(|| format!("After {} the session's settings cannot be restored.", step.row.name))?;
    }
    Ok(())
}

impl From<PlannedStep<'_>> for Step {
    fn from(PlannedStep { direction, row, continues }: PlannedStep<'_>) -> Self {
        Self { direction, row: row.clone(), continues }
    }
}

/// The observer of one step.
pub(super) struct Notes<'a> {
    observer: &'a mut dyn MigrationObserver,
    step: &'a Step,
}

impl Notes<'_> {
    pub(super) fn note(&mut self, text: &str) -> crate::error::Result<()> {
        self.observer.event(StepEvent::Note(text), self.step)
    }

    pub(super) fn retry(&mut self, text: &str) -> crate::error::Result<()> {
        self.observer.event(StepEvent::Retry(text), self.step)
    }

    pub(super) fn decide(&mut self, statement: &UnclearStatement) -> crate::error::Result<Option<Answer>> {
        self.observer.decide(statement)
    }
}

impl MigrationPlan {
    /// Fails if these steps must not be taken.
    fn check(
        &self,
        migrations: &Migrations,
        steps: &[PlannedStep<'_>],
        options: &ApplyOptions,
    ) -> crate::error::Result<()> {
        // What is reverted has no text that could differ.
        let is_reverted = |row: &PlannedMigration| {
            steps.iter().any(|step| step.direction == Direction::Revert && step.row.version == row.version)
        };
        let stays: Vec<&PlannedMigration> =
            self.edited().into_iter().filter(|row| !is_reverted(row)).collect();
        if let Some(error) = EditedError::of(migrations, &stays) {
            return Err(error.into());
        }
        let late = self.late_steps(steps);
        if options.strict_order && !late.is_empty() {
            return Err(OrderError { names: late.iter().map(|row| row.name.clone()).collect() }.into());
        }
        check_replaced(steps)?;
        // What is only recorded needs no file.
        if options.fake == Fake::All { Ok(()) } else { Ok(check_reversible(migrations, steps)?) }
    }
}

/// Fails if a migration to apply replaces others of which a part is applied.
pub(crate) fn check_replaced(steps: &[PlannedStep<'_>]) -> Result<(), PartlyReplacedError> {
    let applied = steps.iter().filter(|step| step.direction == Direction::Apply).map(|step| step.row);
    PartlyReplacedError::of(applied).map_or(Ok(()), Err)
}

/// Fails if a migration to revert has no `down.sql`.
pub(crate) fn check_reversible(
    migrations: &Migrations,
    steps: &[PlannedStep<'_>],
) -> Result<(), IrreversibleError> {
    let rows: Vec<PlannedMigration> = steps
        .iter()
        .filter(|step| step.direction == Direction::Revert && !migrations.is_reversible(step.row))
        .map(|step| step.row.clone())
        .collect();
    if rows.is_empty() { Ok(()) } else { Err(IrreversibleError { rows }) }
}
