//! The files of new migrations.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::SystemTime;

use super::changes::{AppChanges, AppSource, Changes};
use super::diff::DiffError;
use crate::migrations::{MigrationDirectories, MigrationPlan};
use crate::scaffold::{
    MigrationError, NewMigration, migration_name, unnoticed_in, versions, write_migrations,
};
use crate::settings::Backend;

/// The first lines of both files, as Diesel's tool writes them.
const UP: &str = "-- Your SQL goes here\n";
const DOWN: &str = "-- This file should undo anything in `up.sql`\n";

/// What a comparison cannot know.
const NOT_DECLARED: &str = "-- schema.rs does not contain indexes, defaults, unique and check constraints.\n";

impl From<&MigrationDirectories> for AppSource {
    fn from(of_app: &MigrationDirectories) -> Self {
        let backends = of_app.directories.iter().filter_map(|(backend, _)| *backend).collect();
        Self { app: of_app.app, package: of_app.package.clone(), backends }
    }
}

/// A migration for each of an app's backends, and what its author should know.
pub(crate) struct Made {
    pub(crate) app: &'static str,
    pub(crate) name: String,
    pub(crate) migrations: Vec<NewMigration>,
    pub(crate) notes: Vec<String>,
}

impl Made {
    /// Returns a migration without statements.
    pub(crate) fn empty(of_app: &MigrationDirectories, name: &str) -> Self {
        let migration = |directory: &PathBuf| NewMigration {
            directory: directory.clone(),
            up: UP.to_owned(),
            down: DOWN.to_owned(),
        };
        let migrations = of_app.directories.iter().map(|(_, directory)| migration(directory)).collect();
        Self { app: of_app.app, name: name.to_owned(), migrations, notes: Vec::new() }
    }

    /// Returns the migration for the changes to a database of this backend.
    pub(crate) fn of_changes(
        changes: &AppChanges,
        of_app: &MigrationDirectories,
        backend: Backend,
        name: Option<&str>,
    ) -> Result<Self, DiffError> {
        if let Some(conflict) = changes.conflicts.first() {
            return Err(conflict.clone());
        }
        let (mut migrations, mut notes): (_, Vec<String>) = (Vec::new(), Vec::new());
        for (of, directory) in &of_app.directories {
            let of = of.unwrap_or(backend);
            let script = changes.script(of)?;
            notes.extend(script.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
            migrations.push(NewMigration {
                directory: directory.clone(),
                up: format!("{UP}{NOT_DECLARED}{}", script.up),
                down: format!("{DOWN}{}", script.down),
            });
        }
        let name = name.map_or_else(|| changes.name(), str::to_owned);
        Ok(Self { app: changes.app, name, migrations, notes })
    }

    /// Returns the paths that [`Self::write`] would make.
    pub(crate) fn paths(&self, all: &[MigrationDirectories]) -> Result<Vec<PathBuf>, MigrationError> {
        let name = self.directory_name(all)?;
        Ok(self.migrations.iter().map(|migration| migration.directory.join(&name)).collect())
    }

    /// Writes the files, and returns their directories.
    pub(crate) fn write(&self, all: &[MigrationDirectories]) -> Result<Vec<PathBuf>, MigrationError> {
        write_migrations(&self.directory_name(all)?, &self.migrations)
    }

    /// No app may have the same version.
    fn directory_name(&self, all: &[MigrationDirectories]) -> Result<String, MigrationError> {
        let existing = all.iter().flat_map(|of_app| &of_app.directories);
        let existing: Vec<PathBuf> = existing.map(|(_, directory)| directory.clone()).collect();
        migration_name(&self.name, SystemTime::now(), &existing)
    }
}

/// Returns a directory of an app in which cargo does not notice a new migration, relative to the package, and why
/// not.
pub(crate) fn unnoticed(of_app: &MigrationDirectories) -> Option<(String, String)> {
    of_app.directories.iter().find_map(|(_, directory)| {
        let directory = directory.strip_prefix(&of_app.package).unwrap_or(directory).to_str()?;
        Some((directory.to_owned(), unnoticed_in(&of_app.package, directory)?))
    })
}

/// Returns the migrations in the directories that the database does not have. A difference to such a database
/// would make them again.
pub(crate) fn unapplied(all: &[MigrationDirectories], plan: &MigrationPlan, backend: Backend) -> Vec<String> {
    let is_applied = |version: &str| plan.rows.iter().any(|row| row.applied && row.version == version);
    existing(all, backend).filter(|(version, _)| !is_applied(version)).map(|(_, name)| name).collect()
}

/// Removes from the plan what is unknown to the program, and is in the directories: it was made after the
/// program was built.
pub(crate) fn without_newly_made(
    mut plan: MigrationPlan,
    all: &[MigrationDirectories],
    backend: Backend,
) -> MigrationPlan {
    let made: HashSet<String> = existing(all, backend).map(|(version, _)| version).collect();
    plan.rows.retain(|row| row.app.is_some() || !made.contains(&row.version));
    plan
}

/// Returns the version and the name of each migration in the directories.
fn existing(all: &[MigrationDirectories], backend: Backend) -> impl Iterator<Item = (String, String)> {
    let directories = all.iter().flat_map(|of_app| &of_app.directories);
    let of_backend = directories.filter(move |(of, _)| of.is_none_or(|of| of == backend));
    of_backend.flat_map(|(_, directory)| versions(directory))
}

/// Parses values of new columns, each `table.column=expression`; the error is the text that is none.
pub(crate) fn parse_defaults(texts: &[String]) -> Result<HashMap<String, String>, &str> {
    let parse = |text: &str| {
        let (column, sql) = text.split_once('=')?;
        let (column, sql) = (column.trim(), sql.trim());
        let is_column = column.split('.').count() > 1
            && column.split('.').all(|part| !part.is_empty())
            // A misplaced URL.
            && !column.contains(['/', ':', '@', '?']);
        (is_column && !sql.is_empty()).then(|| (column.to_owned(), sql.to_owned()))
    };
    texts.iter().map(|text| parse(text).ok_or(text.as_str())).collect()
}

/// Returns a value for a column that is neither new nor changed.
pub(crate) fn unused_default<'a>(
    defaults: &'a HashMap<String, String>,
    changes: &Changes,
) -> Option<&'a str> {
    let operations = || changes.apps.iter().flat_map(|changes| &changes.operations);
    let is_used = |name: &str| operations().any(|operation| operation.column().as_deref() == Some(name));
    defaults.keys().map(String::as_str).find(|name| !is_used(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_names_a_column() {
        let parse =
            |text: &str| parse_defaults(&[text.to_owned()]).ok().and_then(|all| all.into_iter().next());
        let pair = |column: &str, sql: &str| Some((column.to_owned(), sql.to_owned()));
        assert_eq!(parse("posts.views=0"), pair("posts.views", "0"));
        assert_eq!(parse("blog.posts.title = 'a=b'"), pair("blog.posts.title", "'a=b'"));
        for wrong in [
            "",
            "posts",
            "posts=0",
            "posts.views",
            "posts.views=",
            ".views=0",
            "posts.=0",
            "postgres://a.b/c?x=1",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
