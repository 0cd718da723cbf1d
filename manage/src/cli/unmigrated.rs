//! A query that failed because the database lacks migrations.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::Context;
use crate::command::{BUILT_IN, Found};
use crate::database::{Demands, Reason, probe_for};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// How long the question may take.
const LIMIT: Duration = Duration::from_secs(1);

/// What to do about a command that failed in a query, where the database `default` lacks migrations.
///
/// Diesel keeps neither the SQLSTATE nor the error number, and the text of "no such table" is translated; so the
/// database is asked for its migrations rather than the error for its reason. Nothing is asked where no query failed.
pub(super) fn hint(cx: &Context, found: &Found, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    if migrates || !error.chain().any(is_failed_query) {
        return None;
    }
    let settings = cx.try_settings().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
    // One in memory is another one for each connection.
    if settings.backend == Backend::Sqlite && !crate::checks::is_sqlite_file(settings) {
        return None;
    }
    let migrations = Migrations::of_program(cx.program(), settings.backend).ok()??.versions();
    let demands = Demands { writable: false, migrations: Some(migrations) };
    let lacks =
        probe_for(settings, LIMIT, &demands).err().filter(|error| error.reason == Reason::Unmigrated)?;
    Some(format!("The database lacks migrations ({}). Run `{} migrate`.", lacks.message, cx.program().name()))
}

/// Whether it is the error of a query that Diesel has no kind for: a constraint that was violated has one.
fn is_failed_query(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        error.downcast_ref::<QueryError>(),
        Some(QueryError::DatabaseError(DatabaseErrorKind::Unknown, _))
    )
}
