//! What may be behind a command's failure that its error does not say.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::Context;
use crate::command::{BUILT_IN, Found};
use crate::database::{Demands, Reason, ServerError, is_sqlite_syntax_error, probe_for};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// How long a question may take.
const LIMIT: Duration = Duration::from_secs(1);

/// What to do about a command that failed for such a reason: migrations that are missing.
///
/// The codes of "no such table" and the like say that something is missing; whether a migration makes it, the database is asked.
/// SQLite's errors have no code that Diesel keeps, so there the database is asked after every error of unknown kind. Nothing is asked
/// if no query failed.
pub(super) fn hint(cx: &Context, found: &Found, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    let may_lack = match ServerError::in_chain(error) {
        Some(answer) => answer.may_lack_migrations(),
        None => error.chain().any(is_failed_query),
    };
    if migrates || !may_lack {
        return None;
    }
    let settings = cx.settings.get()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
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
        Some(QueryError::DatabaseError(DatabaseErrorKind::Unknown, answer))
            if !is_sqlite_syntax_error(answer.message())
    )
}
