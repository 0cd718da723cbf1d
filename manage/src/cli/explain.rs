//! What may be behind a command's failure that its error does not say.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::Context;
use crate::command::{BUILT_IN, Found};
use crate::database::{Demands, Reason, probe_for};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// How long a question may take.
const LIMIT: Duration = Duration::from_secs(1);

/// What to do about a command that failed for a reason that the database `default` knows.
pub(super) fn hint(cx: &Context, found: &Found, error: &anyhow::Error) -> Option<String> {
    let settings = cx.settings.get()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
    pooled(settings, error).or_else(|| unmigrated(cx, settings, found, error))
}

/// Where a pooler gives each transaction another session, prepared statements get lost or meet those of others.
#[cfg(feature = "postgres")]
fn pooled(settings: &DatabaseSettings, error: &anyhow::Error) -> Option<String> {
    let is_about_one = error.chain().any(|cause| names_a_statement(&cause.to_string()));
    let is_pooled = settings.backend == Backend::Postgres
        && is_about_one
        && crate::database::is_pooled(settings, LIMIT) == Some(true);
    is_pooled.then(|| {
        "A pooler gives each transaction another session here (PgBouncer's pool_mode), and prepared statements belong to \
         sessions. PgBouncer keeps them apart from 1.21 on, with max_prepared_statements; else use pool_mode = session, or the \
         address of the server itself."
            .to_owned()
    })
}

#[cfg(not(feature = "postgres"))]
fn pooled(_settings: &DatabaseSettings, _error: &anyhow::Error) -> Option<String> {
    None
}

/// Whether a text has the name that the driver gives a prepared statement, in the quotes of whatever language: `"s12"`.
#[cfg(any(feature = "postgres", test))]
fn names_a_statement(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| {
        let number = word.strip_prefix('s').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Diesel keeps neither the SQLSTATE nor the error number, and the text of "no such table" is translated; so the
/// database is asked for its migrations rather than the error for its reason. Nothing is asked where no query failed.
fn unmigrated(
    cx: &Context,
    settings: &DatabaseSettings,
    found: &Found,
    error: &anyhow::Error,
) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    if migrates || !error.chain().any(is_failed_query) {
        return None;
    }
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

#[cfg(test)]
mod tests {
    use super::names_a_statement;

    #[test]
    fn a_statement_is_told_by_its_name() {
        for text in
            ["prepared statement \"s0\" already exists", "vorbereitete Anweisung »s12« existiert nicht"]
        {
            assert!(names_a_statement(text), "{text}");
        }
        for text in ["relation \"articles\" does not exist", "it takes 3 s", "s_1", "us12"] {
            assert!(!names_a_statement(text), "{text}");
        }
    }
}
