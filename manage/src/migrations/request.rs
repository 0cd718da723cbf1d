//! A request to migrate, in the user's words, and what it means for a database.

use std::fmt;
use std::num::NonZeroUsize;

use super::{
    Answer, Direction, Fake, MigrationPlan, MigrationTarget, Migrations, PlannedStep, Resume, TargetError,
};
use crate::console::echo;

/// What to do, before the database is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MigrateRequest {
    /// The app to migrate; `None` for all.
    pub(crate) app: Option<&'static str>,
    /// The migration to go to, as the user names it, or `zero`.
    pub(crate) migration: Option<String>,
    /// How many migrations to revert and apply again, instead.
    pub(crate) redo: Option<NonZeroUsize>,
    /// Whether to remove records, instead.
    pub(crate) prune: bool,
    /// The migrations whose edited text is accepted, as the user names them.
    pub(crate) accept: Vec<String>,
    /// How to continue migrations.
    pub(crate) resume: Vec<Resume>,
    /// Which migrations are recorded without being run.
    pub(crate) fake: Fake,
}

/// What a request means for a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedRequest<'a> {
    /// Where to go.
    pub(crate) target: MigrationTarget,
    /// The steps to it, as long as no other process migrates.
    pub(crate) steps: Vec<PlannedStep<'a>>,
    /// The versions whose edited text is accepted.
    pub(crate) accept: Vec<String>,
    /// The versions of the migrations to continue, and how.
    pub(crate) answers: Vec<(String, Answer)>,
}

impl MigrateRequest {
    /// Finds out what the two words of `migrate [APP_LABEL] [MIGRATION]` name. A single word that is an app's
    /// label is the app, even if a migration has the same name. `installed` are the labels of all apps.
    pub(crate) fn name(
        &mut self,
        words: [Option<String>; 2],
        migrations: &Migrations,
        installed: &[&str],
    ) -> Result<(), RequestError> {
        let app = |label: &str| migrations.apps().into_iter().find(|app| *app == label);
        (self.app, self.migration) = match words {
            [None, _] if self.prune => return Err(RequestError::PruneWithoutApp),
            [None, _] => (None, None),
            [Some(_), Some(_)] if self.prune => return Err(RequestError::PruneWithMigration),
            [Some(label), migration @ Some(_)] => (Some(migrations.app(&label)?), migration),
            [Some(word), None] => match app(&word) {
                Some(app) => (Some(app), None),
                None if self.redo.is_some() && word.parse::<u32>().is_ok() => {
                    return Err(RequestError::CountWithoutEquals(word));
                }
                // A migration may be meant, except where only an app can be.
                None if self.prune || self.redo.is_some() || installed.contains(&word.as_str()) => {
                    (Some(migrations.app(&word)?), None)
                }
                None => (None, Some(word)),
            },
        };
        Ok(())
    }

    /// Replaces names by versions, and finds the steps.
    pub(crate) fn resolve<'a>(
        &self,
        plan: &'a MigrationPlan,
        migrations: &Migrations,
    ) -> Result<ResolvedRequest<'a>, RequestError> {
        let migration = self.migration.as_deref();
        let target = match (self.app, migration, self.redo) {
            (app, _, Some(count)) => plan.again(app, count.get()),
            (Some(app), migration, None) => plan.app_target(app, migration)?,
            (None, None, None) => MigrationTarget::Latest,
            (None, Some(migration), None) => {
                plan.target(migration).map_err(|error| RequestError::word(error, migrations))?
            }
        };
        let accept = self.accept.iter().map(|text| plan.version(text)).collect::<Result<_, _>>()?;
        let answers = self
            .resume
            .iter()
            .map(|Resume { migration, answer }| Ok((plan.version(migration)?, *answer)))
            .collect::<Result<_, TargetError>>()?;
        Ok(ResolvedRequest { steps: plan.steps(&target), target, accept, answers })
    }
}

impl ResolvedRequest<'_> {
    /// Returns whether it changes nothing in the database, if no records are to be removed.
    pub(crate) fn is_done(&self) -> bool {
        self.steps.is_empty() && self.accept.is_empty() && self.answers.is_empty()
    }

    /// Returns whether it reverts a migration.
    pub(crate) fn reverts(&self) -> bool {
        self.steps.iter().any(|step| step.direction == Direction::Revert)
    }
}

impl Migrations {
    /// Finds an app that has migrations.
    pub(crate) fn app(&self, label: &str) -> Result<&'static str, RequestError> {
        let apps = self.apps();
        let found = apps.iter().copied().find(|app| *app == label);
        found.ok_or_else(|| RequestError::UnknownApp { label: label.to_owned(), apps })
    }
}

/// Why it is not clear what a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestError {
    /// The app does not exist, or has no migrations; `apps` have some.
    UnknownApp { label: String, apps: Vec<&'static str> },
    /// A word is neither the label of an app nor the name of a migration.
    UnknownWord { word: String, apps: Vec<&'static str> },
    /// No migration, or more than one, has the name.
    Target(TargetError),
    /// Records can be removed only of one app.
    PruneWithoutApp,
    /// Records are removed of an app, and of no single migration.
    PruneWithMigration,
    /// The number of `--redo` is a word of its own.
    CountWithoutEquals(String),
    /// A directory was named, but not whose migrations are in it.
    DirectoryWithoutApp,
}

impl RequestError {
    fn word(error: TargetError, migrations: &Migrations) -> Self {
        match error {
            TargetError::Unknown(word) => Self::UnknownWord { word, apps: migrations.apps() },
            ambiguous @ TargetError::Ambiguous(..) => Self::Target(ambiguous),
        }
    }
}

impl From<TargetError> for RequestError {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownApp { label, .. } => write!(f, "App '{}' does not have migrations.", echo(label)),
            Self::UnknownWord { word, .. } => TargetError::Unknown(word.clone()).fmt(f),
            Self::Target(error) => error.fmt(f),
            Self::PruneWithoutApp => f.write_str("Migrations can be pruned only when an app is specified."),
            Self::PruneWithMigration => f.write_str("--prune takes an app, and no migration."),
            Self::CountWithoutEquals(count) => {
                write!(f, "'{count}' is not the label of an app, and no number of --redo without `=`.")
            }
            Self::DirectoryWithoutApp => {
                f.write_str("A directory has the migrations of one app, which is not named.")
            }
        }
    }
}

impl std::error::Error for RequestError {}
