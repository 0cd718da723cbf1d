//! A look at the database before a command that is best run on one that is migrated.

use std::sync::mpsc;
use std::time::Duration;

use super::{Migrations, Plan};
use crate::database::{Connection, probe};
use crate::settings::DatabaseSettings;
use crate::{Program, Result};

/// How long each of its two questions may hold up the command.
const LIMIT: Duration = Duration::from_secs(1);

/// The apps of the migrations that are not applied, one entry for each migration; an error where the database is not
/// available. It takes no longer than two seconds: one for the probe, one for reading the plan.
pub fn look(program: &Program, settings: &DatabaseSettings) -> Result<Vec<&'static str>> {
    let (sender, receiver) = mpsc::channel();
    let (program, looked_at) = (program.clone(), settings.clone());
    // A server that hangs in the middle of a query would hold up the start for ever.
    std::thread::spawn(move || sender.send(unapplied(&program, &looked_at)));
    receiver.recv_timeout(LIMIT * 2).unwrap_or_else(|_| Err(anyhow::anyhow!("{settings} does not answer")))
}

fn unapplied(program: &Program, settings: &DatabaseSettings) -> Result<Vec<&'static str>> {
    probe(settings, LIMIT)?;
    let Some(migrations) = Migrations::of_program(program, settings.backend)? else { return Ok(Vec::new()) };
    let mut connection = Connection::open_to_read(settings)?;
    let plan = Plan::read(&mut connection, &migrations)?;
    Ok(plan.unapplied().filter_map(|row| row.app).collect())
}
