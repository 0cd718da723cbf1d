//! What is applied, what is not, and what a target asks for. Reading it changes nothing.

use std::collections::BTreeSet;
use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Migrations;
use crate::database::Connection;
use crate::settings::Backend;

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// One migration, and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The app's label; none for a version that only the database knows.
    pub app: Option<&'static str>,
    /// The folder's name; the version alone where only the database knows it.
    pub name: String,
    /// Diesel's version: the digits of the timestamp.
    pub version: String,
    /// Whether the database says that it is applied.
    pub applied: bool,
}

/// Every migration of the program and of the database, by version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// By version.
    pub rows: Vec<Row>,
}

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything is applied.
    Latest,
    /// Nothing is applied.
    Zero,
    /// All up to and with this one, and none after it.
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

impl Plan {
    /// Looks into the database; the table of migrations is not made where it is missing.
    pub fn read(connection: &mut Connection, migrations: &Migrations) -> QueryResult<Self> {
        let mut applied: BTreeSet<String> = applied_versions(connection)?.into_iter().collect();
        let mut rows: Vec<Row> = migrations
            .entries
            .iter()
            .map(|entry| Row {
                app: Some(entry.app),
                name: entry.name(),
                version: entry.version.clone(),
                applied: applied.remove(&entry.version),
            })
            .collect();
        // Diesel's own first migration, which older versions of it recorded.
        applied.remove("00000000000000");
        rows.extend(applied.into_iter().map(|version| Row {
            app: None,
            name: version.clone(),
            version,
            applied: true,
        }));
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(Self { rows })
    }

    /// The migrations that are not applied.
    pub fn unapplied(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.applied)
    }

    /// Finds the migration that a person means: `zero`, a version, a folder's name, or the unique beginning of one.
    pub fn target(&self, text: &str) -> Result<Target, TargetError> {
        if text == "zero" {
            return Ok(Target::Zero);
        }
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let digits = text.replace('-', "");
        if let Some(row) = known().find(|row| row.name == text || row.version == digits) {
            return Ok(Target::Version(row.version.clone()));
        }
        let meant: Vec<&Row> =
            known().filter(|row| row.name.starts_with(text) || row.version.starts_with(&digits)).collect();
        match meant.as_slice() {
            [] => Err(TargetError::Unknown(text.to_owned())),
            [one] => Ok(Target::Version(one.version.clone())),
            many => Err(TargetError::Ambiguous(
                text.to_owned(),
                many.iter().map(|row| row.name.clone()).collect(),
            )),
        }
    }

    /// The steps to a target, in their order: what is too much is reverted from the newest on, then what is missing is
    /// applied from the oldest on.
    pub fn steps(&self, target: &Target) -> Vec<(Direction, &Row)> {
        let wanted = |row: &Row| match target {
            Target::Latest => true,
            Target::Zero => false,
            Target::Version(version) => row.version <= *version,
        };
        // A version that only the database knows has no files to be reverted with.
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
    __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(connection)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

fn has_table(connection: &mut Connection) -> QueryResult<bool> {
    let query = match connection.backend() {
        Backend::Sqlite => {
            "SELECT COUNT(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
        // The search path decides which table is meant.
        Backend::Postgres => {
            "SELECT COUNT(*) AS tables FROM pg_catalog.pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
        Backend::Mysql => {
            "SELECT COUNT(*) AS tables FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'"
        }
    };
    Ok(diesel::sql_query(query).get_result::<Count>(connection)?.tables > 0)
}

/// No migration, or more than one, is what a person may have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// No migration is called so.
    Unknown(String),
    /// These begin so.
    Ambiguous(String, Vec<String>),
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) => write!(f, "There is no migration '{text}'."),
            Self::Ambiguous(text, names) => {
                write!(f, "'{text}' may be any of these migrations: {}.", names.join(", "))
            }
        }
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rows: &[(&str, bool)]) -> Plan {
        let rows = rows.iter().map(|(name, applied)| Row {
            app: (!name.starts_with('9')).then_some("app"),
            name: (*name).to_owned(),
            version: name.split('_').next().unwrap().replace('-', ""),
            applied: *applied,
        });
        Plan { rows: rows.collect() }
    }

    fn names(steps: &[(Direction, &Row)]) -> Vec<String> {
        let sign = |direction: &Direction| if *direction == Direction::Apply { '+' } else { '-' };
        steps.iter().map(|(direction, row)| format!("{}{}", sign(direction), row.name)).collect()
    }

    #[test]
    fn steps_lead_to_the_target() {
        let plan = plan(&[("1_a", true), ("2_b", false), ("3_c", true), ("9", true)]);
        assert_eq!(names(&plan.steps(&Target::Latest)), ["+2_b"]);
        assert_eq!(names(&plan.steps(&Target::Zero)), ["-3_c", "-1_a"]);
        assert_eq!(names(&plan.steps(&Target::Version("2".into()))), ["-3_c", "+2_b"]);
    }

    #[test]
    fn a_target_is_found_by_its_beginning() {
        let plan = plan(&[("2026-01-01-000000_articles", true), ("2026-02-01-000000_tags", false)]);
        assert_eq!(plan.target("2026-02"), Ok(Target::Version("20260201000000".into())));
        assert_eq!(plan.target("202601"), Ok(Target::Version("20260101000000".into())));
        assert!(matches!(plan.target("2026"), Err(TargetError::Ambiguous(_, names)) if names.len() == 2));
        assert_eq!(plan.target("1999"), Err(TargetError::Unknown("1999".into())));
        assert_eq!(plan.target("zero"), Ok(Target::Zero));
    }
}
