//! The SQL of a migration, as a run sends it.

use std::fmt;

use super::journal::Recorded;
use super::{Direction, MigrationPlan, Migrations, TargetError};
use crate::settings::Backend;

/// One direction of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MigrationSql {
    pub(crate) app: &'static str,
    /// The directory's name.
    pub(crate) name: &'static str,
    /// The file's path.
    pub(crate) file: String,
    /// The statements before it, of `manage::migrations!`.
    pub(crate) before: Vec<&'static str>,
    /// The text of the file.
    pub(crate) text: &'static str,
    /// Whether all of it is undone if a statement fails.
    pub(crate) in_transaction: bool,
}

impl Migrations {
    /// Returns the SQL of the migration that the user means, in an app or in any.
    pub(crate) fn sql(
        &self,
        app: Option<&str>,
        text: &str,
        direction: Direction,
        backend: Backend,
    ) -> Result<MigrationSql, SqlError> {
        // Which of them are applied makes no difference.
        let mut all = MigrationPlan::new(self, &Recorded::default());
        all.rows.retain(|row| app.is_none_or(|app| row.app == Some(app)));
        let version = all.version(text).map_err(SqlError::Target)?;
        let entry = self.entries.iter().find(|entry| entry.version == version);
        let entry = entry.ok_or_else(|| SqlError::Target(TargetError::Unknown(text.to_owned())))?;
        let Some(text) = entry.text(direction) else {
            return Err(SqlError::Irreversible(entry.name(), entry.file(direction)));
        };
        Ok(MigrationSql {
            app: entry.app,
            name: entry.name(),
            file: entry.file(direction),
            before: entry.before.clone(),
            text,
            // MySQL commits each change of the schema.
            in_transaction: entry.is_in_transaction() && backend != Backend::Mysql,
        })
    }
}

/// Why there is no SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqlError {
    Target(TargetError),
    /// The migration has no `down.sql`, or an empty one.
    Irreversible(&'static str, String),
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::Irreversible(name, file) => {
                write!(f, "The migration {name} cannot be reverted: {file} is missing or empty.")
            }
        }
    }
}

impl std::error::Error for SqlError {}
