//! What a run of migrations is asked to do, and whom it asks.

use std::fmt;
use std::str::FromStr;

use super::apply::{Step, StepEvent};
use super::fake::Fake;
use super::limits::LimitOptions;
use crate::cancellation::Cancellation;
use crate::error::Result;
use crate::migrations::MigrationTarget;

/// What to do.
#[derive(Clone, Debug)]
pub(crate) struct ApplyOptions {
    /// Where to go.
    pub(crate) target: MigrationTarget,
    /// Whether a migration that is older than an applied one is refused.
    pub(crate) strict_order: bool,
    /// How to continue migrations whose last statement may be done: versions and answers.
    pub(crate) answers: Vec<(String, Answer)>,
    /// Which migrations are recorded without being run.
    pub(crate) fake: Fake,
    /// How long statements may wait and run.
    pub(crate) limits: LimitOptions,
    /// Ends the run.
    pub(crate) cancellation: Cancellation,
    /// Whether the connection goes through a pooler.
    pub(crate) is_pooled: bool,
}

impl ApplyOptions {
    /// Returns those for a target alone.
    pub(crate) fn to(target: MigrationTarget) -> Self {
        let (limits, cancellation) = (LimitOptions::DEFAULT, Cancellation::new());
        let fake = Fake::No;
        let answers = Vec::new();
        Self { target, strict_order: false, answers, fake, limits, cancellation, is_pooled: false }
    }
}

/// How to continue a migration with a statement of which it is not certain whether it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is not done: run it.
    Again,
    /// It is done: continue after it.
    Done,
    /// Everything was undone by hand: forget that the migration was begun.
    Restart,
}

/// An answer for a migration, as the user writes it: `VERSION=again`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resume {
    /// A version, a name or its prefix.
    pub(crate) migration: String,
    /// The answer.
    pub(crate) answer: Answer,
}

impl FromStr for Resume {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        const FORM: &str = "write VERSION=again, VERSION=done or VERSION=restart";
        let (migration, answer) =
            text.split_once('=').filter(|(migration, _)| !migration.is_empty()).ok_or(FORM)?;
        let answer = match answer {
            "again" => Answer::Again,
            "done" => Answer::Done,
            "restart" => Answer::Restart,
            _ => return Err(FORM),
        };
        Ok(Self { migration: migration.to_owned(), answer })
    }
}

/// A statement of which it is not certain whether it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnclearStatement {
    /// The migration's name.
    pub(crate) name: String,
    /// Diesel's version.
    pub(crate) version: String,
    /// The path of the file.
    pub(crate) file: String,
    /// The line in which the statement begins.
    pub(crate) line: usize,
    /// The statement.
    pub(crate) sql: String,
    /// Whether the file's statement is another one than that which was begun.
    pub(crate) is_changed: bool,
}

impl fmt::Display for UnclearStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, line, sql, is_changed, .. } = self;
        write!(
            f,
            "An earlier run of {name} ended while a statement was running, and it is not certain whether that was done.\n\
             FILE: {file}, line {line}"
        )?;
        if *is_changed {
            f.write_str("\nThe file has another statement there than the one that was begun.")?;
        }
        for (i, text) in sql.lines().enumerate() {
            write!(f, "\nLINE {}: {}", line + i, text.trim_end_matches('\r'))?;
        }
        Ok(())
    }
}

impl std::error::Error for UnclearStatement {}

/// Follows a run of migrations.
pub(crate) trait MigrationObserver {
    /// Called for each event. An error ends the run before the next step.
    fn event(&mut self, event: StepEvent<'_>, step: &Step) -> Result<()>;

    /// Decides how to continue; `None` ends the run.
    fn decide(&mut self, _statement: &UnclearStatement) -> Result<Option<Answer>> {
        Ok(None)
    }
}

/// An observer that only takes the events.
pub(super) struct Follow<F>(pub(super) F);

impl<F: FnMut(StepEvent<'_>, &Step) -> Result<()>> MigrationObserver for Follow<F> {
    fn event(&mut self, event: StepEvent<'_>, step: &Step) -> Result<()> {
        self.0(event, step)
    }
}
