//! Runs a migration that is not one transaction, statement by statement. The journal says how far it is, so
//! that a later run can continue it.

use std::time::Instant;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::Error as QueryError;

use super::apply::Notes;
use super::control::Control;
use super::engines::Engines;
use super::failure::{Failure, Left, is_lost};
use super::kind::{Kind, also_locking, locks_tables};
use super::migration::{Environment, Run};
use super::repeat::Repeat;
use super::retry::Retries;
use crate::database::Connection;
use crate::migrations::journal::{Position, State};
use crate::migrations::script::Checksum;
use crate::settings::Backend;

/// What the database does not have yet of the statements that were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// The journal's record.
    Record,
    /// The record and the end of the transaction.
    Commit,
}

/// What comes after the pending part. It is sent together with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A statement that is run as it is.
    Statement,
    /// A transaction.
    Begin,
    /// A statement that cannot be undone.
    Alone,
    /// The end of the migration.
    Finish,
}

/// A migration that is running statement by statement.
pub(super) struct Stepwise<'r, 'a, 'n> {
    pub(super) run: &'r mut Run<'a>,
    pub(super) engines: &'r mut Engines,
    pub(super) notes: &'r mut Notes<'n>,
    kinds: Vec<Kind>,
    /// The number of statements that were run.
    pub(super) done: usize,
    /// The number of those that no rollback undoes.
    pub(super) committed: usize,
    /// The checksum of these.
    pub(super) checksum: Checksum,
    pub(super) pending: Pending,
    /// Whether the journal may say of the last statement that it is begun, although it is done. The next run
    /// would find out.
    pub(super) finds_out: bool,
    /// The statement that was tried alone last, and failed.
    pub(super) failed_alone: Option<usize>,
    /// Whether tables of MySQL are locked. Then `BEGIN` would unlock them, and autocommit is off instead.
    is_locked: bool,
    /// Whether PostgreSQL's role may have changed to one that cannot write the journal.
    may_change_role: bool,
    started: Instant,
}

impl<'r, 'a, 'n> Stepwise<'r, 'a, 'n> {
    pub(super) fn new(run: &'r mut Run<'a>, engines: &'r mut Engines, notes: &'r mut Notes<'n>) -> Self {
        let kinds =
            run.statements.iter().map(|(control, one)| Kind::of(one, *control, run.backend)).collect();
        let names_role = |sql: &str| {
            let sql = sql.to_ascii_uppercase();
            ["ROLE", "AUTHORIZATION"].iter().any(|word| sql.contains(word))
        };
        let may_change_role = run.backend == Backend::Postgres
            && (run.statements.iter().any(|(_, one)| names_role(one.text()))
                || run.migration.entry.before.iter().any(|one| names_role(one)));
        Self {
            run,
            engines,
            notes,
            kinds,
            done: 0,
            committed: 0,
            checksum: Checksum::default(),
            pending: Pending::Nothing,
            finds_out: false,
            failed_alone: None,
            is_locked: false,
            may_change_role,
            started: Instant::now(),
        }
    }

    pub(super) fn run(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        self.run.prepare(connection)?;
        self.resume(connection)?;
        let Environment { interrupt, limits, .. } = *self.run.migration.environment;
        let mut retries = Retries::new(limits.tries());
        while self.done < self.run.statements.len() {
            if let Err(cancelled) = interrupt.check() {
                self.flush(connection, Next::Statement)?;
                return Err(self.failed(cancelled.into()));
            }
            let begin = self.done;
            let Err(failure) = self.unit(connection) else {
                retries = Retries::new(limits.tries());
                continue;
            };
            // Without a line the statement is done, but not its record.
            let is_of_statement = failure.contended().is_some_and(|contended| contended.line.is_some());
            if self.done != begin || !is_of_statement {
                return Err(failure);
            }
            if let Some(failure) = retries.again(connection, failure, interrupt, self.notes) {
                return Err(failure);
            }
        }
        self.finish(connection)
    }

    /// Runs the next statement, or the next ones that belong together.
    fn unit(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        match self.kinds[self.done] {
            Kind::Session => self.session_statement(connection),
            Kind::Alone => self.alone(connection, &Repeat::Unclear),
            Kind::Begin => self.own_transaction(connection),
            Kind::End => self.end_of_nothing(connection),
            Kind::Exact => match self.is_undoable(connection)? {
                true => self.transaction(connection),
                false => self.alone(connection, &Repeat::Unclear),
            },
        }
    }

    pub(super) fn kind(&self, nth: usize) -> Kind {
        self.kinds[nth]
    }

    pub(super) fn control(&self, nth: usize) -> Option<Control> {
        self.run.statements.get(nth).map(|(control, _)| *control)
    }

    /// Notes that the next statement was run.
    pub(super) fn advance(&mut self) {
        self.checksum.add(self.run.statement(self.done));
        self.done += 1;
    }

    /// Notes that the next statement was done, which the journal does not say yet.
    pub(super) fn advance_unrecorded(&mut self) {
        self.advance();
        self.pending = Pending::Record;
    }

    pub(super) fn back_to(&mut self, done: usize) {
        self.done = done;
        self.checksum = Checksum::of(self.run.statements[..done].iter().map(|(_, one)| *one));
        self.pending = Pending::Nothing;
    }

    /// Returns whether a rollback would undo the next statement.
    pub(super) fn is_undoable(&mut self, connection: &mut Connection) -> Result<bool, Failure> {
        let statement = self.run.statement(self.done);
        let named = self.engines.names_one(connection, &statement);
        Ok(!named.map_err(|error| self.failed(error.into()))?)
    }

    /// Sends what is pending, together with what comes next.
    pub(super) fn flush(&mut self, connection: &mut Connection, next: Next) -> Result<(), Failure> {
        let is_open = self.pending == Pending::Commit;
        let record = match (self.pending, next) {
            (_, Next::Finish) => Some(self.finish_sql()),
            (_, Next::Alone) => Some(self.record_sql(State::Begun)),
            (Pending::Nothing, _) => None,
            // It is recorded with the transaction.
            (Pending::Record, Next::Begin) if self.finds_out => None,
            (Pending::Record | Pending::Commit, _) => Some(self.record_sql(State::Ready)),
        };
        let mut sql = Vec::new();
        let has_record = record.is_some();
        if let Some(record) = record {
            let begins = !is_open && (next == Next::Finish || self.may_change_role);
            if begins && !self.is_locked {
                sql.push(self.begin_sql().to_owned());
            }
            sql.push(self.as_author(record));
            // On MySQL the file may have turned autocommit off.
            if is_open || begins || self.run.backend == Backend::Mysql {
                sql.push("COMMIT".to_owned());
            }
        }
        if next == Next::Begin && !self.is_locked {
            sql.push(self.begin_sql().to_owned());
            let limits = self.run.transaction_limits();
            sql.extend(limits.split_terminator(';').map(str::to_owned));
        }
        if sql.is_empty() {
            return Ok(());
        }
        let sent = connection.batch_execute(&sql.join("; "));
        let result = sent.map_err(|error| self.not_recorded(connection, error, is_open));
        self.pending = Pending::Nothing;
        if result.is_ok() {
            self.committed = self.done;
            self.finds_out &= !has_record;
        }
        result
    }

    fn not_recorded(&self, connection: &mut Connection, error: QueryError, is_open: bool) -> Failure {
        let is_lost = is_lost(&error);
        // It fails only if the connection is lost, or if there is no transaction.
        let _ = connection.batch_execute("ROLLBACK");
        let what = if is_open { "It could not be committed and recorded." } else { "It cannot be recorded." };
        let left = match self.run.left(if is_open && !is_lost { self.committed } else { self.done }) {
            Left::Statements { count, of, line, .. } => {
                Left::Statements { count, of, line, is_certain: !is_lost, continues: true }
            }
            left => left,
        };
        Failure::new(left, anyhow::Error::from(error).context(what))
    }

    /// Writes into an open transaction how far it is.
    pub(super) fn record(&self, connection: &mut Connection) -> QueryResult<()> {
        connection.batch_execute(&self.as_author(self.record_sql(State::Ready)))
    }

    fn begin_sql(&self) -> &'static str {
        match self.run.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN",
            Backend::Mysql => "START TRANSACTION",
        }
    }

    /// Returns the SQL that records how far it is.
    fn record_sql(&self, state: State) -> String {
        let begun = self.run.statements.get(self.done).filter(|_| state == State::Begun);
        let position = Position {
            state,
            done: self.done,
            done_checksum: self.checksum.text(),
            begun_checksum: begun.map(|(_, statement)| Checksum::of([*statement]).text()),
        };
        let is_new = self.run.migration.earlier.is_none();
        self.run.migration.environment.journal.write(
            &self.run.subject(),
            &position,
            is_new.then(|| self.started.elapsed()),
        )
    }

    fn finish_sql(&self) -> String {
        let position = Position {
            state: State::Finished,
            done: self.done,
            done_checksum: self.checksum.text(),
            begun_checksum: None,
        };
        let is_new = self.run.migration.earlier.is_none();
        self.run.migration.environment.journal.finish(
            &self.run.subject(),
            &position,
            is_new.then(|| self.started.elapsed()),
        )
    }

    /// Returns SQL that writes the journal as the role that `migrate` began with.
    fn as_author(&self, sql: String) -> String {
        if !self.may_change_role {
            return sql;
        }
        let role = self
            .run
            .migration
            .environment
            .session
            .role()
            .map_or("NONE".to_owned(), |role| format!("\"{}\"", role.replace('"', "\"\"")));
        format!("SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE {role}; {sql}")
    }

    /// Runs a statement of the file.
    pub(super) fn execute(&mut self, connection: &mut Connection, nth: usize) -> QueryResult<()> {
        let interrupt = self.run.migration.environment.interrupt;
        // What cannot be undone was announced to the journal already.
        if self.kinds[nth] != Kind::Alone && interrupt.check().is_err() {
            return Err(QueryError::RollbackTransaction);
        }
        let statement = self.run.statement(nth);
        let locks = locks_tables(&statement).filter(|_| self.run.backend == Backend::Mysql);
        let result = match locks {
            Some(true) => {
                if !self.is_locked {
                    connection.batch_execute("SET @manage_autocommit = @@autocommit, autocommit = 0")?;
                }
                self.is_locked = true;
                connection
                    .batch_execute(&also_locking(&statement, &self.run.migration.environment.journal.locks()))
            }
            Some(false) => {
                connection.batch_execute(statement.text()).and_then(|()| self.end_locks(connection))
            }
            None => interrupt.during(|| connection.batch_execute(statement.text())),
        };
        self.engines.note(&statement);
        result
    }

    /// Notes that MySQL's tables are not locked any more.
    pub(super) fn end_locks(&mut self, connection: &mut Connection) -> QueryResult<()> {
        if std::mem::take(&mut self.is_locked) {
            connection.batch_execute("SET autocommit = @manage_autocommit")?;
        }
        Ok(())
    }

    /// Checks SQLite's references, restores the session's settings, and records the migration.
    fn finish(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        if self.run.backend == Backend::Sqlite {
            self.flush(connection, Next::Statement)?;
            if let Some((error, remedy)) = self.broken_keys(connection)? {
                return Err(self.failed(error).with_remedy(Some(remedy)));
            }
        }
        if self.run.backend != Backend::Sqlite && self.run.may_change_session() {
            self.flush(connection, Next::Statement)?;
            let restored = self.run.migration.environment.session.restore(connection);
            restored.map_err(|error| {
                self.failed(
                    anyhow::Error::from(error).context("The settings of the session cannot be restored."),
                )
            })?;
            self.is_locked = false;
            self.may_change_role = false;
        }
        self.flush(connection, Next::Finish)
    }

    pub(super) fn broken_keys(
        &mut self,
        connection: &mut Connection,
    ) -> Result<Option<(anyhow::Error, String)>, Failure> {
        let found = self.run.broken_keys(connection);
        found.map_err(|error| self.failed(error.into()))
    }

    /// Returns a failure after the statements that are done.
    pub(super) fn failed(&self, source: anyhow::Error) -> Failure {
        Failure::new(self.run.left(self.done), source)
    }
}
