//! Causes of a command's failure that its error does not mention.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::command::{BUILT_IN, Context, RegisteredCommand};
use crate::database::{Reason, Requirements, ServerError, is_sqlite_syntax_error, probe_for};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// How long a query may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns a hint for a command that failed because of unapplied migrations.
///
/// Codes such as "undefined table" mean that something is missing; the database then shows whether migrations
/// are unapplied. Diesel keeps no code of SQLite's errors, so there the database is queried after every error
/// of unknown kind. If no query failed, nothing is queried.
pub(super) fn hint(cx: &Context, found: &RegisteredCommand, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    let may_lack = match ServerError::in_chain(error) {
        Some(answer) => answer.may_lack_migrations(),
        None => error.chain().any(is_failed_query),
    };
    if migrates || !may_lack {
        return None;
    }
    let settings = cx.settings_read()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
    // A database in memory is a different one for each connection.
    if settings.backend == Backend::Sqlite && !crate::checks::is_sqlite_file(settings) {
        return None;
    }
    let migrations = Migrations::of_program(cx.program(), settings.backend).ok()??.versions();
    let requirements = Requirements { writable: false, migrations: Some(migrations) };
    let lacks =
        probe_for(settings, LIMIT, &requirements).err().filter(|error| error.reason == Reason::Unmigrated)?;
    Some(format!(
        "The database has unapplied migrations ({}). Run `{} migrate`.",
        lacks.message,
        cx.program().name()
    ))
}

/// Returns whether a query failed with an error that Diesel has no kind for, unlike a constraint violation.
fn is_failed_query(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        error.downcast_ref::<QueryError>(),
        Some(QueryError::DatabaseError(DatabaseErrorKind::Unknown, answer))
            if !is_sqlite_syntax_error(answer.message())
    )
}
