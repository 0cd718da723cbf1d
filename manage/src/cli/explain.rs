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

/// What to do about a command that failed for such a reason.
pub(super) fn hint(cx: &Context, found: &Found, error: &anyhow::Error) -> Option<String> {
    if error.chain().any(|cause| is_about_a_statement(&cause.to_string())) {
        return Some(POOLER.to_owned());
    }
    unmigrated(cx, found, error)
}

/// Prepared statements get lost, or meet those of others, where a session of the server is not the connection's own.
const POOLER: &str = "A pooler seems to give each transaction another session of the server (PgBouncer's pool_mode), and prepared \
                      statements belong to sessions. PgBouncer keeps them apart from 1.21 on, with max_prepared_statements; else \
                      use pool_mode = session, or the address of the server itself.";

/// Diesel does not keep the SQLSTATE. A server that speaks another language is not understood: there is no hint then.
fn is_about_a_statement(text: &str) -> bool {
    text.split("prepared statement \"s").skip(1).any(|rest| {
        // The driver numbers them.
        let number = rest.split('"').next().unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Diesel keeps neither the SQLSTATE nor the error number, and the text of "no such table" is translated; so the
/// database is asked for its migrations rather than the error for its reason. Nothing is asked where no query failed.
fn unmigrated(cx: &Context, found: &Found, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    if migrates || !error.chain().any(is_failed_query) {
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
        Some(QueryError::DatabaseError(DatabaseErrorKind::Unknown, _))
    )
}

#[cfg(test)]
mod tests {
    use super::is_about_a_statement;

    #[test]
    fn a_statement_is_told_by_its_name() {
        assert!(is_about_a_statement("it failed: prepared statement \"s12\" already exists"));
        for text in
            ["prepared statement \"mine\" does not exist", "relation \"s1\" does not exist", "s3://bucket"]
        {
            assert!(!is_about_a_statement(text), "{text}");
        }
    }
}
