//! Checks for unapplied migrations before a command that requires a migrated database.

use std::sync::mpsc;
use std::time::Duration;

use super::{MigrationPlan, Migrations, PlannedMigration};
use crate::command::Program;
use crate::database::{Connection, probe};
use crate::error::Result;
use crate::settings::DatabaseSettings;

/// The time limit of each of its two queries.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns the apps of the unapplied migrations, one entry per migration. It takes at most two seconds: one
/// for the probe, one for reading the plan.
///
/// # Errors
///
/// If the database is unavailable, a [`ConnectError`](crate::database::ConnectError). A server that stops
/// answering after the probe is an error without a type of its own.
pub fn unapplied(program: &Program, settings: &DatabaseSettings) -> Result<Vec<&'static str>> {
    Ok(unapplied_migrations(program, settings)?.into_iter().filter_map(|row| row.app).collect())
}

/// Like [`unapplied`], and returns the migrations themselves.
pub(crate) fn unapplied_migrations(
    program: &Program,
    settings: &DatabaseSettings,
) -> Result<Vec<PlannedMigration>> {
    let (sender, receiver) = mpsc::channel();
    let (program, looked_at) = (program.clone(), settings.clone());
    // Runs on a separate thread: a server that hangs during a query would block the command forever.
    std::thread::spawn(move || sender.send(read_unapplied(&program, &looked_at)));
    receiver.recv_timeout(LIMIT * 2).unwrap_or_else(|_| Err(anyhow::anyhow!("{settings} does not answer")))
}

fn read_unapplied(program: &Program, settings: &DatabaseSettings) -> Result<Vec<PlannedMigration>> {
    probe(settings, LIMIT)?;
    let Some(migrations) = Migrations::of_program(program, settings.backend)? else { return Ok(Vec::new()) };
    let mut connection = Connection::open_to_read(settings)?;
    let plan = MigrationPlan::read(&mut connection, &migrations)?;
    Ok(plan.unapplied().cloned().collect())
}
