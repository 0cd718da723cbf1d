//! Unapplied migrations as the cause of a failed query.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use super::Migrations;
use crate::command::Program;
use crate::database::{Reason, Requirements, ServerError, is_sqlite_syntax_error, operations_for, probe_for};
use crate::settings::DatabaseSettings;

/// How long a query may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns whether a query failed with an error that unapplied migrations may cause.
///
/// Codes such as "undefined table" mean that something is missing. Diesel keeps no code of SQLite's errors, so
/// there it is every error of unknown kind, unlike a constraint violation.
pub(crate) fn may_lack_migrations(error: &anyhow::Error) -> bool {
    match ServerError::in_chain(error) {
        Some(answer) => answer.may_lack_migrations(),
        None => error.chain().any(is_failed_query),
    }
}

/// Returns a hint for an error that unapplied migrations may cause, if the database `default` lacks some. It
/// takes at most a second.
pub(crate) fn unapplied_hint(program: &Program, default: &DatabaseSettings) -> Option<String> {
    // A database in memory is a different one for each connection.
    if operations_for(default).ok()?.is_private(default) {
        return None;
    }
    let migrations = Migrations::of_program(program, default.backend).ok()??.versions();
    let requirements = Requirements { writable: false, migrations: Some(migrations) };
    let lacks =
        probe_for(default, LIMIT, &requirements).err().filter(|error| error.reason == Reason::Unmigrated)?;
    Some(format!(
        "The database has unapplied migrations ({}). Run `{} migrate`.",
        lacks.message,
        program.name()
    ))
}

fn is_failed_query(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        error.downcast_ref::<QueryError>(),
        Some(QueryError::DatabaseError(DatabaseErrorKind::Unknown, answer))
            if !is_sqlite_syntax_error(answer.message())
    )
}
