//! Removes the records of migrations that no longer exist.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::journal::read;
use super::{MigrationPlan, Migrations};
use crate::database::Connection;

/// What [`prune`] removes or leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// The names of the migrations of the app whose records it removes.
    pub(crate) removed: Vec<String>,
    /// The versions without a row in the journal, which says of which app they are.
    pub(crate) of_no_app: Vec<String>,
}

/// Removes the records of an app's migrations that the program does not have. The caller must hold the lock.
pub(crate) fn prune(connection: &mut Connection, migrations: &Migrations, app: &str) -> QueryResult<Pruned> {
    let (tables, recorded) = read(connection)?;
    let Some(tables) = tables else { return Ok(Pruned::default()) };
    let plan = MigrationPlan::new(migrations, &recorded);
    let origins = tables.origins(connection)?;
    let mut pruned = Pruned::default();
    let mut versions = Vec::new();
    for row in plan.rows.iter().filter(|row| row.app.is_none()) {
        match origins.get(&row.version) {
            Some((of, name)) if of == app => {
                versions.push(row.version.as_str());
                pruned.removed.push(name.clone());
            }
            Some(_) => {}
            None => pruned.of_no_app.push(row.version.clone()),
        }
    }
    if !versions.is_empty() {
        let sql = tables.remove(&versions);
        connection.transaction(|connection| connection.batch_execute(&sql))?;
    }
    Ok(pruned)
}
