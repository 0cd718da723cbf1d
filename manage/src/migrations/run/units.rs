//! The units in which the statements of a migration are run: a transaction, a statement alone, a
//! transaction of the file's own.

use diesel::connection::SimpleConnection;
use diesel::result::Error as QueryError;

use super::concurrent_index::{ConcurrentIndex, Found};
use super::contention::Contention;
use super::control::Control;
use super::failure::{Failure, Left, is_lost};
use super::kind::{Kind, locks_tables};
use super::migration::Environment;
use super::reindex::ConcurrentReindex;
use super::repeat::Repeat;
use super::session;
use super::stepwise::{Next, Pending, Stepwise};
use crate::database::{Connection, ServerError};
use crate::migrations::journal::State;
use crate::settings::Backend;

impl Stepwise<'_, '_, '_> {
    /// Runs the next statement, and on MySQL those after it that can be undone with it.
    pub(super) fn transaction(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        self.flush(connection, Next::Begin)?;
        let begin = self.done;
        let is_group = self.run.backend == Backend::Mysql && self.run.migration.entry.is_in_transaction();
        loop {
            let i = self.done;
            if let Err(error) = self.execute(connection, i) {
                let is_refused = i == begin && refuses_transaction(&error);
                let failure = self.undo(connection, begin, i, error);
                return if is_refused { self.alone(connection, &Repeat::Unclear) } else { Err(failure) };
            }
            self.advance();
            let goes_on = is_group
                && self.done < self.run.statements.len()
                && match self.kind(self.done) {
                    Kind::Exact => self.is_undoable(connection)?,
                    Kind::Session => self.control(self.done) == Some(Control::Nothing),
                    Kind::Alone | Kind::Begin | Kind::End => false,
                };
            if !goes_on {
                break;
            }
        }
        self.pending = Pending::Commit;
        Ok(())
    }

    /// Rolls back after a statement that failed, to the first one of its transaction.
    fn undo(
        &mut self,
        connection: &mut Connection,
        begin: usize,
        failed: usize,
        error: QueryError,
    ) -> Failure {
        let is_mysql = self.run.backend == Backend::Mysql;
        // MySQL has then rolled back already, and says now what it could not undo.
        let is_deadlock = ServerError::of(&error).and_then(|error| Contention::of(&error));
        let mut is_incomplete = is_mysql
            && is_deadlock == Some(Contention::Deadlock)
            && session::is_rollback_incomplete(connection);
        let (error, remedy) = self.run.statement_error(failed, error);
        // It fails only if the connection is lost, which also ends the transaction.
        let _ = connection.batch_execute("ROLLBACK");
        is_incomplete |= is_mysql && session::is_rollback_incomplete(connection);
        self.back_to(begin);
        if self.finds_out {
            self.pending = Pending::Record;
            let _ = self.flush(connection, Next::Statement);
        }
        if is_incomplete {
            // Nobody knows what stayed, so the next run has to ask.
            let _ = self.flush(connection, Next::Alone);
            let (count, of) = (failed + 1, self.run.statements.len());
            let line = self.run.statements.get(count).map(|(_, statement)| statement.line());
            let left = Left::Statements { count, of, line, is_certain: false, continues: true };
            return Failure::new(left, error).with_remedy(remedy);
        }
        self.failed(error).with_remedy(remedy)
    }

    /// Runs the next statement outside of a transaction. If it fails in the way that `repeat` describes, it
    /// was done before.
    pub(super) fn alone(&mut self, connection: &mut Connection, repeat: &Repeat) -> Result<(), Failure> {
        let Some([limit, restore]) = self.session_limits() else {
            return self.alone_in_time(connection, repeat);
        };
        connection.batch_execute(&limit).map_err(|error| self.failed(error.into()))?;
        let result = self.alone_in_time(connection, repeat);
        // If that fails, so did the connection.
        let _ = connection.batch_execute(&restore);
        result
    }

    /// Returns SQL that limits a PostgreSQL session for the next statement, and SQL that restores it.
    fn session_limits(&self) -> Option<[String; 2]> {
        let Environment { limits, is_pooled, .. } = *self.run.migration.environment;
        // The setting would be lost, or reach another client.
        if is_pooled {
            return None;
        }
        let sets = |name: &str| self.run.sets(name);
        // It waits for the transactions of others, for as long as they take.
        let waits = self.run.statement(self.done).words(usize::MAX).iter().any(|word| word == "CONCURRENTLY");
        if waits { limits.lifted(sets) } else { limits.of_session(self.run.migration.entry.limits(), sets) }
    }

    fn alone_in_time(&mut self, connection: &mut Connection, repeat: &Repeat) -> Result<(), Failure> {
        if self.is_built_already(connection)? {
            self.advance_unrecorded();
            return Ok(());
        }
        self.flush(connection, Next::Alone)?;
        let statement = self.run.statement(self.done);
        let Err(error) = self.execute(connection, self.done) else {
            self.finds_out = Repeat::of(&statement, self.run.backend) != Repeat::Unclear;
            self.advance_unrecorded();
            return Ok(());
        };
        self.failed_alone = Some(self.done);
        if repeat.is_done(&error) {
            let note = format!("The statement in line {} was done already: {error}.", statement.line());
            self.note(&note)?;
            self.advance_unrecorded();
            return Ok(());
        }
        let keeps_part = match self.control(self.done) {
            Some(Control::Anything) => true,
            Some(Control::Nothing) => self.run.backend == Backend::Mysql,
            Some(Control::ImplicitCommit) => statement.words(1) == ["BEGIN"],
            _ => false,
        };
        let is_definite = !is_lost(&error);
        let (error, remedy) = self.run.statement_error(self.done, error);
        if !keeps_part && is_definite {
            // The server has answered that it is not done. If that cannot be recorded, the next run finds out.
            self.pending = Pending::Record;
            let _ = self.flush(connection, Next::Statement);
            return Err(self.failed(error).with_remedy(remedy));
        }
        let (count, of) = (self.done, self.run.statements.len());
        let left =
            Left::Statements { count, of, line: Some(statement.line()), is_certain: false, continues: true };
        Err(Failure::new(left, error).with_remedy(remedy))
    }

    /// Looks whether an earlier run has built the index of the next statement, and drops what an earlier run or
    /// an earlier try could not finish.
    fn is_built_already(&mut self, connection: &mut Connection) -> Result<bool, Failure> {
        let earlier = self.run.migration.earlier.filter(|earlier| earlier.done == self.done);
        let is_repeated = earlier.is_some() || self.failed_alone == Some(self.done);
        if !is_repeated || self.run.backend != Backend::Postgres {
            return Ok(false);
        }
        let statement = self.run.statement(self.done);
        if let Some(reindex) = ConcurrentReindex::of(&statement) {
            for name in reindex.leftovers(connection).map_err(|error| self.failed(error.into()))? {
                self.drop_invalid(connection, &name)?;
            }
            return Ok(false);
        }
        let Some(index) = ConcurrentIndex::of(&statement) else { return Ok(false) };
        let was_begun = earlier.is_some_and(|earlier| earlier.state == State::Begun);
        match index.find(connection).map_err(|error| self.failed(error.into()))? {
            Found::Valid if was_begun => {
                self.note(&format!("The index of line {} was built already.", statement.line()))?;
                Ok(true)
            }
            Found::Invalid(name) => {
                self.drop_invalid(connection, &name)?;
                Ok(false)
            }
            Found::Valid | Found::Nothing | Found::Unknown => Ok(false),
        }
    }

    /// Drops an index that could not be finished, and names it.
    fn drop_invalid(&mut self, connection: &mut Connection, name: &str) -> Result<(), Failure> {
        let dropped = connection.batch_execute(&format!("DROP INDEX CONCURRENTLY {name}"));
        dropped.map_err(|error| {
            let context = format!("The invalid index {name} of an earlier try cannot be dropped.");
            self.failed(anyhow::Error::from(error).context(context))
        })?;
        let who = if self.failed_alone == Some(self.done) { "the last try" } else { "an earlier run" };
        self.note(&format!("Dropped the invalid index {name}, which {who} could not finish."))
    }

    fn note(&mut self, text: &str) -> Result<(), Failure> {
        self.notes.note(text).map_err(Failure::Stopped)
    }

    /// Runs a statement that changes only the session. When the migration is continued it is run again, so
    /// the journal need not say that it is done.
    pub(super) fn session_statement(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        self.flush(connection, Next::Statement)?;
        if let Err(error) = self.execute(connection, self.done) {
            let (error, remedy) = self.run.statement_error(self.done, error);
            return Err(self.failed(error).with_remedy(remedy));
        }
        self.advance();
        Ok(())
    }

    /// Runs a `COMMIT` or `ROLLBACK` without a `BEGIN`.
    pub(super) fn end_of_nothing(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        self.session_statement(connection)?;
        self.pending = Pending::Record;
        Ok(())
    }

    /// Runs a transaction of the file's own, with the journal's record in it.
    pub(super) fn own_transaction(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let begin = self.done;
        let end = self.end_of_own(begin);
        let is_mysql = self.run.backend == Backend::Mysql;
        // A procedure of MySQL may commit a part of it.
        let may_commit = is_mysql && (begin..end).any(|i| self.control(i) == Some(Control::Anything));
        self.flush(connection, if may_commit { Next::Alone } else { Next::Statement })?;
        let words = self.run.statement(begin).words(usize::MAX);
        let is_read_only = words.windows(2).any(|pair| pair == ["READ", "ONLY"]);
        self.end_locks(connection).map_err(|error| self.failed(error.into()))?;
        for i in begin..end {
            let limits = if i == begin { self.run.transaction_limits() } else { String::new() };
            let mut executed = self.execute(connection, i);
            if executed.is_ok() && !limits.is_empty() {
                executed = connection.batch_execute(&limits);
            }
            if let Err(error) = executed {
                let failure = self.undo(connection, begin, i, error);
                return Err(if may_commit { self.unclear(begin, failure) } else { failure });
            }
            self.advance();
        }
        match self.control(end) {
            Some(Control::Commit) => {
                if self.run.backend == Backend::Sqlite
                    && let Some((error, remedy)) = self.broken_keys(connection)?
                {
                    let _ = connection.batch_execute("ROLLBACK");
                    self.back_to(begin);
                    return Err(self.failed(error).with_remedy(Some(remedy)));
                }
                self.advance();
                let recorded = if is_read_only { Ok(()) } else { self.record(connection) };
                if let Err(error) = recorded.and_then(|()| self.execute(connection, end)) {
                    return Err(self.undo(connection, begin, end, error));
                }
                self.pending = if is_read_only { Pending::Record } else { Pending::Nothing };
                self.committed = self.done;
            }
            Some(Control::Rollback) => {
                self.session_statement(connection)?;
                self.pending = Pending::Record;
            }
            // On MySQL a statement that commits, or the end of the file, ends it.
            _ => self.pending = Pending::Commit,
        }
        Ok(())
    }

    /// Returns the place of the statement that ends a transaction of the file's own; the number of statements
    /// if there is none.
    pub(super) fn end_of_own(&self, begin: usize) -> usize {
        let is_mysql = self.run.backend == Backend::Mysql;
        let ends = |i: &usize| match self.kind(*i) {
            Kind::End => true,
            Kind::Begin => is_mysql,
            _ => {
                self.control(*i) == Some(Control::ImplicitCommit)
                    || (is_mysql && locks_tables(&self.run.statement(*i)).is_some())
            }
        };
        (begin + 1..self.run.statements.len()).find(ends).unwrap_or(self.run.statements.len())
    }

    /// Returns a failure of statements of which a part may have stayed.
    fn unclear(&self, begin: usize, failure: Failure) -> Failure {
        let line = Some(self.run.statement(begin).line());
        let of = self.run.statements.len();
        failure.keeping(Left::Statements { count: begin, of, line, is_certain: false, continues: true })
    }
}

/// Returns whether PostgreSQL does not run a statement in a transaction.
fn refuses_transaction(error: &QueryError) -> bool {
    // active_sql_transaction, and invalid_transaction_termination
    let error = ServerError::of(error);
    error.is_some_and(|error| matches!(error.sqlstate(), Some("25001" | "2D000")) && error.number().is_none())
}
