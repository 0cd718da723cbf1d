//! The target of a migration run, by what the user types.

use std::fmt;

use super::{MigrationPlan, PlannedMigration};
use crate::console::{echo, printable};

/// The target of a migration run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationTarget {
    /// Everything is applied.
    Latest,
    /// Nothing is applied.
    Zero,
    /// All migrations up to and including this one, and none after it.
    Version(String),
    /// All of an app is applied, with what it depends on.
    AppLatest(&'static str),
    /// Nothing of an app is applied, and nothing that depends on it.
    AppZero(&'static str),
    /// This migration is the last of its app that is applied.
    AppVersion(String),
    /// These are reverted, with what depends on them, and applied again.
    Again(Vec<String>),
}

impl MigrationPlan {
    /// Finds the migration that the user means: `zero`, or what [`MigrationPlan::version`] finds.
    pub fn target(&self, text: &str) -> Result<MigrationTarget, TargetError> {
        if text == "zero" {
            return Ok(MigrationTarget::Zero);
        }
        self.version(text).map(MigrationTarget::Version)
    }

    /// Finds the target in an app: `None` for all of it, `zero`, or a migration.
    pub fn app_target(&self, app: &'static str, text: Option<&str>) -> Result<MigrationTarget, TargetError> {
        match text {
            None => Ok(MigrationTarget::AppLatest(app)),
            Some("zero") => Ok(MigrationTarget::AppZero(app)),
            Some(text) => {
                let rows = self.rows.iter().filter(|row| row.app == Some(app)).cloned().collect();
                Self { rows }.version(text).map(MigrationTarget::AppVersion)
            }
        }
    }

    /// Finds the version of a migration: by the version, the directory's name, the part of it behind the
    /// version, or a unique prefix of one.
    pub fn version(&self, text: &str) -> Result<String, TargetError> {
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let digits = text.replace('-', "");
        if let Some(row) = known().find(|row| row.name == text || row.version == digits) {
            return Ok(row.version.clone());
        }
        let title =
            |row: &PlannedMigration| row.name.split_once('_').map_or("", |(_, title)| title).to_owned();
        let mut meant: Vec<_> = known().filter(|row| title(row) == text).collect();
        if meant.is_empty() {
            let begins = |row: &&PlannedMigration| {
                row.name.starts_with(text) || row.version.starts_with(&digits) || title(row).starts_with(text)
            };
            meant = known().filter(begins).collect();
        }
        match meant.as_slice() {
            [] => Err(TargetError::Unknown(text.to_owned())),
            [one] => Ok(one.version.clone()),
            many => Err(TargetError::Ambiguous(
                text.to_owned(),
                many.iter().map(|row| row.name.clone()).collect(),
            )),
        }
    }
}

/// No migration, or more than one, matches the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// No migration has this name.
    Unknown(String),
    /// Several migrations begin with this text.
    Ambiguous(String, Vec<String>),
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) => write!(f, "There is no migration '{}'.", echo(text)),
            Self::Ambiguous(text, names) => {
                let (text, names) = (echo(text), names.join(", "));
                write!(f, "'{text}' matches several migrations: {}.", printable(&names))
            }
        }
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::super::migration_plan::tests::plan;
    use super::*;

    #[test]
    fn a_target_is_found_by_its_beginning() {
        let plan = plan(&[("2026-01-01-000000_articles", true), ("2026-02-01-000000_tags", false)]);
        assert_eq!(plan.target("2026-02"), Ok(MigrationTarget::Version("20260201000000".into())));
        assert_eq!(plan.target("202601"), Ok(MigrationTarget::Version("20260101000000".into())));
        assert!(matches!(plan.target("2026"), Err(TargetError::Ambiguous(_, names)) if names.len() == 2));
        assert_eq!(plan.target("1999"), Err(TargetError::Unknown("1999".into())));
        assert_eq!(plan.target("zero"), Ok(MigrationTarget::Zero));
        assert_eq!(plan.target("tags"), Ok(MigrationTarget::Version("20260201000000".into())));
        assert_eq!(plan.target("art"), Ok(MigrationTarget::Version("20260101000000".into())));
    }

    #[test]
    fn a_whole_title_is_not_the_beginning_of_another() {
        let plan = plan(&[("2026-01-01-000000_tags", true), ("2026-02-01-000000_tags_index", false)]);
        assert_eq!(plan.target("tags"), Ok(MigrationTarget::Version("20260101000000".into())));
        assert!(matches!(plan.target("tag"), Err(TargetError::Ambiguous(_, names)) if names.len() == 2));
    }
}
