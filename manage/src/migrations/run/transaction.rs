//! Runs a migration in one transaction, together with its record.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::result::Error as QueryError;

use super::failure::{Failure, Left, is_lost};
use super::migration::Run;
use super::session;
use crate::database::Connection;
use crate::migrations::journal::{Position, State};
use crate::migrations::script::Checksum;
use crate::settings::Backend;

pub(super) fn run(run: &mut Run<'_>, connection: &mut Connection) -> Result<(), Failure> {
    run.prepare(connection)?;
    let started = Instant::now();
    let mut failure = None;
    let mut done = 0;
    let mut reaches_commit = false;
    let result = connection.transaction(|connection| {
        statements(run, connection, &mut done, started).map_err(|error| {
            failure = Some(error);
            QueryError::RollbackTransaction
        })?;
        reaches_commit = true;
        Ok(())
    });
    match (result, failure) {
        (_, Some(failure)) => Err(with_what_is_kept(run, connection, done, failure)),
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

fn statements(
    run: &mut Run<'_>,
    connection: &mut Connection,
    done: &mut usize,
    started: Instant,
) -> Result<(), Failure> {
    let nothing = |source: anyhow::Error| Failure::new(Left::Nothing, source);
    if run.backend == Backend::Postgres {
        run.before(connection)?;
    }
    for i in 0..run.statements.len() {
        if let Err(error) = connection.batch_execute(run.statement(i).text()) {
            let (error, remedy) = run.statement_error(i, error);
            return Err(nothing(error).with_remedy(remedy));
        }
        *done += 1;
    }
    if run.backend == Backend::Sqlite {
        if let Some((error, remedy)) = run.broken_keys(connection).map_err(|error| nothing(error.into()))? {
            return Err(nothing(error).with_remedy(Some(remedy)));
        }
    } else if run.backend == Backend::Postgres || run.may_change_session() {
        run.migration.session.restore(connection).map_err(|error| {
            nothing(anyhow::Error::from(error).context("The settings of the session cannot be restored."))
        })?;
    }
    let position = Position {
        state: State::Finished,
        done: run.script.statements().count(),
        done_checksum: Checksum::of(run.script.statements()).text(),
        begun_checksum: None,
    };
    let record = run.migration.journal.finish(&run.subject(), &position, Some(started.elapsed()));
    connection
        .batch_execute(&record)
        .map_err(|error| nothing(anyhow::Error::from(error).context("It cannot be recorded.")))
}

/// Adds the effects that MySQL could not roll back: those on tables of engines without transactions that
/// are hidden behind a view, a trigger or a function.
fn with_what_is_kept(run: &Run<'_>, connection: &mut Connection, done: usize, failure: Failure) -> Failure {
    if run.backend != Backend::Mysql || !session::is_rollback_incomplete(connection) {
        return failure;
    }
    let of = run.statements.len();
    // A part of the failed statement may also persist.
    let count = (done + 1).min(of);
    let line = run.statements.get(count).map(|(_, statement)| statement.line());
    failure.keeping(Left::Statements { count, of, line, is_certain: false, continues: false })
}
