//! Runs a migration in one transaction, together with its record.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::result::Error as QueryError;

use super::failure::{Failure, Left, is_lost};
use super::migration::{Migration, Run};
use super::session;
use crate::database::Connection;
use crate::migrations::journal::{Position, State};
use crate::settings::Backend;

pub(super) fn run(run: &mut Run<'_>, connection: &mut Connection) -> Result<(), Failure> {
    run.prepare(connection)?;
    if run.backend == Backend::Postgres { in_one_batch(run, connection) } else { in_diesels(run, connection) }
}

/// The beginning of a transaction, in one text with its first statement.
const BEGIN: &str = "BEGIN;";

/// Runs it in a transaction that begins together with the first statement and ends together with the record,
/// which saves two round trips.
fn in_one_batch(run: &mut Run<'_>, connection: &mut Connection) -> Result<(), Failure> {
    let started = Instant::now();
    let begins_alone = run.statements.is_empty() || !run.migration.entry.before.is_empty();
    let begin = format!("{BEGIN}{}", run.transaction_limits());
    if begins_alone {
        connection.batch_execute(&begin).map_err(|error| {
            let error = anyhow::Error::from(error).context("Its transaction could not begin.");
            Failure::new(Left::Nothing, error)
        })?;
    }
    let prefix = if begins_alone { "" } else { &begin };
    let result = statements(run, connection, prefix, &mut 0).and_then(|()| {
        let sql = format!("{}; COMMIT", record(run, started));
        connection.batch_execute(&sql).map_err(|error| {
            let left = if is_lost(&error) { Left::Unknown } else { Left::Nothing };
            Failure::new(left, anyhow::Error::from(error).context("It could not be committed."))
        })
    });
    if result.is_err() {
        // It fails only if the connection is lost, which also ends the transaction.
        let _ = connection.batch_execute("ROLLBACK");
    }
    result
}

/// Runs it in a transaction of Diesel's, which on SQLite waits for other writers.
fn in_diesels(run: &mut Run<'_>, connection: &mut Connection) -> Result<(), Failure> {
    let started = Instant::now();
    let mut failure = None;
    let mut done = 0;
    let mut reaches_commit = false;
    let mut is_incomplete = false;
    let result = connection.transaction(|connection| {
        let result = statements(run, connection, "", &mut done).and_then(|()| {
            connection.batch_execute(&record(run, started)).map_err(|error| {
                Failure::new(Left::Nothing, anyhow::Error::from(error).context("It cannot be recorded."))
            })
        });
        result.map_err(|error| {
            // MySQL has rolled back already, and says now what it could not undo.
            is_incomplete = run.backend == Backend::Mysql
                && error.is_deadlock()
                && session::is_rollback_incomplete(connection);
            failure = Some(error);
            QueryError::RollbackTransaction
        })?;
        reaches_commit = true;
        Ok(())
    });
    match (result, failure) {
        (_, Some(failure)) => {
            is_incomplete |= run.backend == Backend::Mysql && session::is_rollback_incomplete(connection);
            Err(if is_incomplete { with_what_is_kept(run, done, failure) } else { failure })
        }
        (Ok(()), None) => Ok(()),
        (Err(error), None) => {
            let left = if reaches_commit && is_lost(&error) { Left::Unknown } else { Left::Nothing };
            let part = if reaches_commit {
                "It could not be committed."
            } else {
                "Its transaction could not begin."
            };
            Err(Failure::new(left, anyhow::Error::from(error).context(part)))
        }
    }
}

/// Returns the SQL that records it in both tables.
fn record(run: &Run<'_>, started: Instant) -> String {
    let position = Position {
        state: State::Finished,
        done: run.script.statements().count(),
        done_checksum: run.subject().checksum.to_owned(),
        begun_checksum: None,
    };
    let Migration { environment, is_new, .. } = run.migration;
    let (subject, elapsed) = (run.subject(), Some(started.elapsed()));
    match is_new {
        true => environment.journal.finish_first(&subject, &position, elapsed),
        false => environment.journal.finish(&subject, &position, elapsed),
    }
}

/// Runs all statements, and what has to follow them in the transaction. `prefix` is sent with the first one.
fn statements(
    run: &mut Run<'_>,
    connection: &mut Connection,
    prefix: &str,
    done: &mut usize,
) -> Result<(), Failure> {
    let nothing = |source: anyhow::Error| Failure::new(Left::Nothing, source);
    if run.backend == Backend::Postgres {
        run.before(connection)?;
    }
    for i in 0..run.statements.len() {
        let (text, prefix) = (run.statement(i).text(), if i == 0 { prefix } else { "" });
        let interrupt = run.migration.environment.interrupt;
        interrupt.check().map_err(|cancelled| nothing(cancelled.into()))?;
        let sent = interrupt.during(|| match prefix {
            "" => connection.batch_execute(text),
            prefix => connection.batch_execute(&format!("{prefix}{text}")),
        });
        if let Err(error) = sent {
            let (error, remedy) = run.statement_error_after(prefix, i, error);
            return Err(nothing(error).with_remedy(remedy));
        }
        *done += 1;
    }
    if run.backend == Backend::Sqlite {
        if let Some((error, remedy)) = run.broken_keys(connection).map_err(|error| nothing(error.into()))? {
            return Err(nothing(error).with_remedy(Some(remedy)));
        }
    } else if run.may_change_session() {
        run.migration.environment.session.restore(connection).map_err(|error| {
            nothing(anyhow::Error::from(error).context("The settings of the session cannot be restored."))
        })?;
    }
    Ok(())
}

/// Adds the effects that MySQL could not roll back: those on tables of engines without transactions that
/// are hidden behind a view, a trigger or a function.
fn with_what_is_kept(run: &Run<'_>, done: usize, failure: Failure) -> Failure {
    let of = run.statements.len();
    // A part of the failed statement may also persist.
    let count = (done + 1).min(of);
    let line = run.statements.get(count).map(|(_, statement)| statement.line());
    failure.keeping(Left::Statements { count, of, line, is_certain: false, continues: false })
}
