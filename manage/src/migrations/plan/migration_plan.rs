//! Applied and unapplied migrations, and the steps to a target. Reading them does not change the database.

use std::collections::BTreeSet;
use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::console::{echo, printable};
use crate::database::Connection;
use crate::migrations::Migrations;

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// One migration, and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMigration {
    /// The app's label; `None` for a version that exists only in the database.
    pub app: Option<&'static str>,
    /// The directory's name, or the version if it exists only in the database.
    pub name: String,
    /// Diesel's version: the digits of the timestamp.
    pub version: String,
    /// Whether the database records it as applied.
    pub applied: bool,
}

/// Every migration of the program and of the database, in order of version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationPlan {
    /// In order of version.
    pub rows: Vec<PlannedMigration>,
}

/// The target of a migration run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationTarget {
    /// Everything is applied.
    Latest,
    /// Nothing is applied.
    Zero,
    /// All migrations up to and including this one, and none after it.
    Version(String),
}

/// A step's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Runs `up.sql`.
    Apply,
    /// Runs `down.sql`.
    Revert,
}

impl MigrationPlan {
    /// Reads the database. If the table of migrations does not exist, it is not created.
    pub fn read(connection: &mut Connection, migrations: &Migrations) -> QueryResult<Self> {
        let mut applied: BTreeSet<String> = applied_versions(connection)?.into_iter().collect();
        let mut rows: Vec<PlannedMigration> = migrations
            .entries
            .iter()
            .map(|entry| PlannedMigration {
                app: Some(entry.app),
                name: entry.name().to_owned(),
                version: entry.version.clone(),
                applied: applied.remove(&entry.version),
            })
            .collect();
        // Diesel's own first migration, which older versions of Diesel recorded.
        applied.remove("00000000000000");
        rows.extend(applied.into_iter().map(|version| PlannedMigration {
            app: None,
            name: version.clone(),
            version,
            applied: true,
        }));
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(Self { rows })
    }

    /// Returns the migrations that are not applied.
    pub fn unapplied(&self) -> impl Iterator<Item = &PlannedMigration> {
        self.rows.iter().filter(|row| !row.applied)
    }

    /// Finds the migration that the user means: `zero`, a version, a directory's name, or a unique prefix of
    /// one.
    pub fn target(&self, text: &str) -> Result<MigrationTarget, TargetError> {
        if text == "zero" {
            return Ok(MigrationTarget::Zero);
        }
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let digits = text.replace('-', "");
        if let Some(row) = known().find(|row| row.name == text || row.version == digits) {
            return Ok(MigrationTarget::Version(row.version.clone()));
        }
        let meant: Vec<&PlannedMigration> =
            known().filter(|row| row.name.starts_with(text) || row.version.starts_with(&digits)).collect();
        match meant.as_slice() {
            [] => Err(TargetError::Unknown(text.to_owned())),
            [one] => Ok(MigrationTarget::Version(one.version.clone())),
            many => Err(TargetError::Ambiguous(
                text.to_owned(),
                many.iter().map(|row| row.name.clone()).collect(),
            )),
        }
    }

    /// Returns the steps to a target, in order: reverts from the newest, then applies from the oldest.
    pub fn steps(&self, target: &MigrationTarget) -> Vec<(Direction, &PlannedMigration)> {
        let wanted = |row: &PlannedMigration| match target {
            MigrationTarget::Latest => true,
            MigrationTarget::Zero => false,
            MigrationTarget::Version(version) => row.version <= *version,
        };
        // A version that exists only in the database cannot be reverted without files.
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let revert =
            known().rev().filter(|row| row.applied && !wanted(row)).map(|row| (Direction::Revert, row));
        let apply = known().filter(|row| !row.applied && wanted(row)).map(|row| (Direction::Apply, row));
        revert.chain(apply).collect()
    }
}

fn applied_versions(connection: &mut Connection) -> QueryResult<Vec<String>> {
    if !has_table(connection)? {
        return Ok(Vec::new());
    }
    let query = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    connection.with_short_answers(|connection| query.load(connection))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

fn has_table(connection: &mut Connection) -> QueryResult<bool> {
    let table = connection.operations().migrations_table_query();
    let query = diesel::sql_query(format!("SELECT COUNT(*) AS tables FROM ({table}) AS found"));
    let count: Count = connection.with_short_answers(|connection| query.get_result(connection))?;
    Ok(count.tables > 0)
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
    use super::*;

    fn plan(rows: &[(&str, bool)]) -> MigrationPlan {
        let rows = rows.iter().map(|(name, applied)| PlannedMigration {
            app: (!name.starts_with('9')).then_some("app"),
            name: (*name).to_owned(),
            version: name.split('_').next().unwrap().replace('-', ""),
            applied: *applied,
        });
        MigrationPlan { rows: rows.collect() }
    }

    fn names(steps: &[(Direction, &PlannedMigration)]) -> Vec<String> {
        let sign = |direction: &Direction| if *direction == Direction::Apply { '+' } else { '-' };
        steps.iter().map(|(direction, row)| format!("{}{}", sign(direction), row.name)).collect()
    }

    #[test]
    fn steps_lead_to_the_target() {
        let plan = plan(&[("1_a", true), ("2_b", false), ("3_c", true), ("9", true)]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Latest)), ["+2_b"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Zero)), ["-3_c", "-1_a"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Version("2".into()))), ["-3_c", "+2_b"]);
    }

    #[test]
    fn a_target_is_found_by_its_beginning() {
        let plan = plan(&[("2026-01-01-000000_articles", true), ("2026-02-01-000000_tags", false)]);
        assert_eq!(plan.target("2026-02"), Ok(MigrationTarget::Version("20260201000000".into())));
        assert_eq!(plan.target("202601"), Ok(MigrationTarget::Version("20260101000000".into())));
        assert!(matches!(plan.target("2026"), Err(TargetError::Ambiguous(_, names)) if names.len() == 2));
        assert_eq!(plan.target("1999"), Err(TargetError::Unknown("1999".into())));
        assert_eq!(plan.target("zero"), Ok(MigrationTarget::Zero));
    }
}
