//! Records the text of migrations that were applied and edited since.

use std::fmt;

use diesel::connection::SimpleConnection as _;

use crate::database::Connection;
use crate::migrations::journal::{Journal, Position, State, Subject, read};
use crate::migrations::script::Checksum;
use crate::migrations::{Direction, MigrationPlan, Migrations};

/// Why the text of a migration cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AcceptError {
    /// The migration's name.
    pub(crate) name: String,
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The migration {} is not applied, so there is nothing to accept.", self.name)
    }
}

impl std::error::Error for AcceptError {}

/// Records the present text of these versions as the one that was applied. The caller must hold the lock.
/// Returns the names of those whose record changed.
pub(crate) fn accept(
    connection: &mut Connection,
    migrations: &Migrations,
    versions: &[String],
) -> crate::error::Result<Vec<String>> {
    let mut changed = Vec::new();
    for version in versions {
        let (tables, recorded) = read(connection)?;
        let plan = MigrationPlan::new(migrations, &recorded);
        let Some(row) = plan.rows.iter().find(|row| row.version == *version) else { continue };
        let Some(entry) = migrations.entry(row) else { continue };
        if !row.applied || row.progress.is_some() {
            return Err(AcceptError { name: row.name.clone() }.into());
        }
        let script = entry.script(Direction::Apply).expect("a migration has an `up.sql`");
        let checksum = script.checksum();
        if recorded.journal.get(version).is_some_and(|row| row.checksum == checksum) {
            continue;
        }
        let statements = script.statements().count();
        let subject = Subject {
            app: entry.app,
            name: entry.name(),
            version,
            direction: Direction::Apply,
            checksum: &checksum,
            text_hash: &script.text_hash(),
            statements,
            replaced: &[],
        };
        let position = Position {
            state: State::Finished,
            done: statements,
            done_checksum: Checksum::of(script.statements()).text(),
            begun_checksum: None,
        };
        let journal = Journal::open(connection, tables)?;
        connection.batch_execute(&journal.write(&subject, &position, None))?;
        changed.push(row.name.clone());
    }
    Ok(changed)
}
