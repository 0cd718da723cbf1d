//! Applied and unapplied migrations, and the steps to a target. Reading them does not change the database.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::database::Connection;
use crate::migrations::Migrations;
use crate::migrations::journal::{JournalRow, Recorded, State, read};
use crate::migrations::script::{is_known_checksum, text_hash};
use crate::migrations::source::Entry;

/// One migration, and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMigration {
    /// The app's label; `None` for a version that exists only in the database.
    pub app: Option<&'static str>,
    /// The directory's name; the version, if it exists only in the database and no record has the name.
    pub name: String,
    /// Diesel's version: the digits of the timestamp.
    pub version: String,
    /// Whether the database records it as applied.
    pub applied: bool,
    /// Whether its `up.sql` is not the one that was applied.
    pub edited: bool,
    /// How far it is, if it was begun and not finished.
    pub progress: Option<Progress>,
    /// The versions that it replaces and that are applied, if it is not applied itself.
    pub partly: Vec<String>,
    /// The versions that its `metadata.toml` names as dependencies.
    pub dependencies: Vec<String>,
    /// When it was applied, as the database writes it.
    pub applied_at: Option<String>,
}

/// How far a migration is that was begun and not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether it was being applied or reverted.
    pub direction: Direction,
    /// The number of statements that are done.
    pub done: usize,
    /// The number of statements.
    pub of: usize,
}

/// Every migration of the program and of the database, in the order in which they are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationPlan {
    /// In the order in which they are applied: dependencies first, otherwise by version.
    pub rows: Vec<PlannedMigration>,
}

/// A step's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Runs `up.sql`.
    Apply,
    /// Runs `down.sql`.
    Revert,
}

/// A step to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedStep<'a> {
    /// Apply or revert.
    pub direction: Direction,
    /// Which migration.
    pub row: &'a PlannedMigration,
    /// Whether it continues what was begun.
    pub continues: bool,
}

impl MigrationPlan {
    /// Reads the database. Tables that do not exist are not created.
    pub fn read(connection: &mut Connection, migrations: &Migrations) -> QueryResult<Self> {
        Ok(Self::new(migrations, &read(connection)?.1))
    }

    /// Returns the plan of what the database records.
    pub(in crate::migrations) fn new(migrations: &Migrations, recorded: &Recorded) -> Self {
        let rows = migrations.entries.iter().map(|entry| {
            let journal = recorded.journal.get(&entry.version);
            PlannedMigration {
                app: Some(entry.app),
                name: entry.name().to_owned(),
                version: entry.version.clone(),
                applied: recorded.applied.contains_key(&entry.version),
                edited: journal.is_some_and(|row| is_edited(entry, row)),
                progress: journal
                    .and_then(|row| progress(row, entry.script(row.direction)?.statements().count())),
                partly: partly(entry, recorded),
                dependencies: entry.dependencies.clone(),
                applied_at: recorded.applied.get(&entry.version).cloned(),
            }
        });
        let replaced = migrations.entries.iter().flat_map(Entry::replaced_versions);
        let known: BTreeSet<String> =
            migrations.entries.iter().map(|entry| entry.version.clone()).chain(replaced).collect();
        let is_known = |version: &str| known.contains(version);
        // Diesel's own first migration, which older versions of Diesel recorded.
        let is_diesels = |version: &str| version == "00000000000000";
        let begun = recorded.journal.iter().filter(|(_, row)| row.state != State::Finished);
        let versions: BTreeSet<&String> =
            recorded.applied.keys().chain(begun.map(|(version, _)| version)).collect();
        let unknown = versions.into_iter().filter(|version| !is_known(version) && !is_diesels(version));
        let unknown = unknown.map(|version| {
            let (run_on, journal) = (recorded.applied.get(version), recorded.journal.get(version));
            PlannedMigration {
                app: None,
                name: journal.map_or(version, |row| &row.name).clone(),
                version: version.clone(),
                applied: run_on.is_some(),
                edited: false,
                progress: journal.and_then(|row| progress(row, row.statements)),
                partly: Vec::new(),
                dependencies: Vec::new(),
                applied_at: run_on.cloned(),
            }
        });
        let mut rows: Vec<PlannedMigration> = rows.collect();
        for row in unknown {
            // Without dependencies these are in order of version.
            let place = rows.iter().position(|known| known.version > row.version).unwrap_or(rows.len());
            rows.insert(place, row);
        }
        Self { rows }
    }

    /// Returns the program's migrations that are not applied, or only in part.
    pub fn unapplied(&self) -> impl Iterator<Item = &PlannedMigration> {
        self.rows.iter().filter(|row| row.app.is_some() && (!row.applied || row.progress.is_some()))
    }
}

fn partly(entry: &Entry, recorded: &Recorded) -> Vec<String> {
    if recorded.applied.contains_key(&entry.version) {
        return Vec::new();
    }
    entry.replaced_versions().into_iter().filter(|version| recorded.applied.contains_key(version)).collect()
}

fn is_edited(entry: &Entry, row: &JournalRow) -> bool {
    // The row may be of the migration whose version it took over.
    row.state == State::Finished
        && !entry.replaces().contains(&row.name.as_str())
        && is_known_checksum(&row.checksum)
        && text_hash(entry.up()) != row.text_hash
        && entry.script(Direction::Apply).is_some_and(|script| script.checksum() != row.checksum)
}

fn progress(row: &JournalRow, of: usize) -> Option<Progress> {
    (row.state != State::Finished).then_some(Progress { direction: row.direction, done: row.done, of })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::migrations::plan) fn plan(rows: &[(&str, bool)]) -> MigrationPlan {
        let rows = rows.iter().map(|(name, applied)| PlannedMigration {
            app: (!name.starts_with('9')).then_some("app"),
            name: (*name).to_owned(),
            version: name.split('_').next().unwrap().replace('-', ""),
            applied: *applied,
            edited: false,
            progress: None,
            partly: Vec::new(),
            dependencies: Vec::new(),
            applied_at: None,
        });
        MigrationPlan { rows: rows.collect() }
    }
}
