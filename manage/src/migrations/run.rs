//! Runs one migration: its statements one by one, and then its record.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as QueryError;

use super::Direction;
use super::control::{Control, runnable};
use super::failure::{Left, StatementError, remedy};
use super::foreign_keys::{self, Violations};
use super::plan::__diesel_schema_migrations as record;
use super::script::Statement;
use super::session::{self, Session};
use super::sources::Entry;
use crate::database::Connection;
use crate::settings::Backend;

/// Why a migration failed, and what of it stayed.
pub(super) struct Failure {
    pub(super) left: Left,
    pub(super) source: anyhow::Error,
    /// What to do about that.
    pub(super) remedy: Option<String>,
}

/// Runs one direction of a migration. Afterwards the session is restored, also after a failure; the result says whether that
/// succeeded. `violations` are the references of an SQLite database that are broken before it; afterwards, those that are broken
/// then.
pub(super) fn run(
    connection: &mut Connection,
    entry: &Entry,
    direction: Direction,
    session: &Session,
    violations: &mut Violations,
) -> Result<QueryResult<()>, Failure> {
    let nothing = |source: anyhow::Error| Failure { left: Left::Nothing, source, remedy: None };
    let Some(script) = entry.script(direction) else {
        return Err(nothing(anyhow::anyhow!("The file {} does not exist.", entry.file(direction))));
    };
    let in_transaction = entry.is_in_transaction();
    let statements = runnable(&script, in_transaction).map_err(|unfit| {
        let remedy = Some(unfit.hint.to_owned());
        Failure { remedy, ..nothing(StatementError::unfit(entry.file(direction), unfit).into()) }
    })?;
    let mut run = Run {
        entry,
        direction,
        statements,
        session,
        violations,
        backend: connection.backend(),
        in_transaction,
        done: 0,
        kept: 0,
        is_open: in_transaction,
        is_certain: true,
    };
    let result = run.all(connection);
    let is_set_back = match connection.backend() {
        // A rollback does it; and behind a pooler the session may be another one now.
        Backend::Postgres => in_transaction,
        Backend::Mysql => !run.may_change_session(),
        Backend::Sqlite => false,
    };
    let restored = if is_set_back { Ok(()) } else { session.restore(connection) };
    result.map(|()| restored)
}

/// A migration that is running.
struct Run<'a> {
    entry: &'a Entry,
    direction: Direction,
    statements: Vec<(Control, Statement<'a>)>,
    session: &'a Session,
    violations: &'a mut Violations,
    backend: Backend,
    in_transaction: bool,
    /// How many statements took effect.
    done: usize,
    /// How many of them a rollback would not undo.
    kept: usize,
    /// Whether a rollback would undo the next statement.
    is_open: bool,
    /// Whether it is certain that those which are kept took effect.
    is_certain: bool,
}

impl Run<'_> {
    fn all(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let backend = connection.backend();
        // SQLite and MySQL know settings that a transaction cannot change; in PostgreSQL they are part of it, so that they go
        // with it.
        let before_inside = backend == Backend::Postgres && self.in_transaction;
        if backend == Backend::Sqlite {
            let keys = foreign_keys::chosen(self.statements.iter().map(|(_, statement)| *statement));
            let switch = format!("PRAGMA foreign_keys = {}", i32::from(keys.unwrap_or(false)));
            connection.batch_execute(&switch).map_err(|error| self.failed(error.into(), true))?;
        }
        if !before_inside {
            self.before(connection)?;
        }
        if !self.in_transaction {
            return self.statements_and_record(connection);
        }
        let mut failure = None;
        let mut reaches_commit = false;
        let result = connection.transaction(|connection| {
            let result = if before_inside { self.before(connection) } else { Ok(()) };
            result.and_then(|()| self.statements_and_record(connection)).map_err(|error| {
                failure = Some(error);
                QueryError::RollbackTransaction
            })?;
            reaches_commit = true;
            Ok(())
        });
        match (result, failure) {
            (_, Some(mut failure)) => {
                self.add_what_is_kept(connection, &mut failure);
                Err(failure)
            }
            (Ok(()), None) => Ok(()),
            (Err(error), None) => {
                let is_lost = reaches_commit && is_lost(&error);
                let part = if reaches_commit {
                    "It could not be committed."
                } else {
                    "Its transaction could not be begun."
                };
                let failure = self.failed(anyhow::Error::from(error).context(part), true);
                Err(if is_lost { Failure { left: Left::Unknown, ..failure } } else { failure })
            }
        }
    }

    /// Runs the statements that `manage::migrations!` names.
    fn before(&self, connection: &mut Connection) -> Result<(), Failure> {
        for statement in &self.entry.before {
            connection.batch_execute(statement).map_err(|error| {
                let context = format!(
                    "The statement `{statement}`, which runs before it ({}), failed.",
                    self.entry.location
                );
                self.failed(anyhow::Error::from(error).context(context), true)
            })?;
        }
        Ok(())
    }

    fn statements_and_record(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let backend = connection.backend();
        let file = self.entry.file(self.direction);
        for i in 0..self.statements.len() {
            let (control, statement) = self.statements[i];
            if backend == Backend::Sqlite && control == Control::Commit {
                self.check_foreign_keys(connection)?;
            }
            if let Err(error) = connection.batch_execute(statement.text()) {
                // Whether it committed those before it is not known.
                let commits_alone = self.commits_alone(control);
                let may_commit = commits_alone || control == Control::ImplicitCommit;
                let is_certain = !may_commit || self.kept == self.done;
                if may_commit {
                    self.kept = self.done;
                }
                self.roll_back(connection);
                let remedy = remedy(&statement, backend, self.in_transaction, &error);
                let error = StatementError::new(file, &statement, backend, error);
                let failure = self.failed(error.into(), is_certain);
                let left = match failure.left {
                    Left::Nothing | Left::NothingOfThisRun if commits_alone => self.part_of(statement),
                    left => left,
                };
                return Err(Failure { remedy, left, ..failure });
            }
            self.count(control);
        }
        if backend == Backend::Sqlite {
            self.check_foreign_keys(connection)?;
        } else if backend == Backend::Postgres || self.may_change_session() {
            self.session.restore(connection).map_err(|error| {
                self.failed(
                    anyhow::Error::from(error).context("The settings of the session cannot be set back."),
                    true,
                )
            })?;
        }
        self.record(connection).map_err(|error| {
            self.failed(anyhow::Error::from(error).context("It cannot be recorded."), true)
        })?;
        Ok(())
    }

    /// Whether the session of MySQL may be another one after these statements. To look into it takes time, in which a process
    /// that is killed leaves a migration without its record.
    fn may_change_session(&self) -> bool {
        !self.entry.before.is_empty() || self.statements.iter().any(|(_, one)| session::may_change_it(one))
    }

    fn count(&mut self, control: Control) {
        let before = self.done;
        self.done += 1;
        match control {
            Control::Begin => {
                // A transaction that is open already is committed by it, on MySQL.
                if self.is_open && self.backend == Backend::Mysql {
                    self.kept = before;
                }
                self.is_open = true;
            }
            // On MySQL what comes after a new table is in no transaction.
            Control::Commit | Control::ImplicitCommit => {
                self.is_open = false;
                self.is_certain = true;
            }
            Control::Anything if !self.commits_alone(control) => {}
            Control::Rollback | Control::Anything => {
                self.is_certain &= !self.is_open;
                self.is_open = false;
            }
            Control::Nothing => {}
        }
        if !self.is_open {
            self.kept = self.done;
        }
    }

    /// Whether a statement may commit something that nobody sees in the file. PostgreSQL lets none do so in a transaction.
    fn commits_alone(&self, control: Control) -> bool {
        control == Control::Anything && (self.backend == Backend::Mysql || !self.is_open)
    }

    /// Of a statement that failed, a procedure for one, a part may have been committed.
    fn part_of(&self, statement: Statement<'_>) -> Left {
        Left::Statements {
            count: 0,
            of: self.statements.len(),
            line: Some(statement.line()),
            is_certain: false,
        }
    }

    /// Adds what MySQL could not roll back: the tables of some engines, as MyISAM, know no transactions.
    fn add_what_is_kept(&self, connection: &mut Connection, failure: &mut Failure) {
        if self.backend != Backend::Mysql || !matches!(failure.left, Left::Nothing | Left::NothingOfThisRun) {
            return;
        }
        let line = |nth: usize| self.statements.get(nth).map(|(_, statement)| statement.line());
        if session::is_rollback_incomplete(connection) {
            let of = self.statements.len();
            // Of the one that failed a part may have stayed, too.
            let count = (self.done + 1).min(of);
            failure.left = Left::Statements { count, of, line: line(count), is_certain: false };
        }
    }

    /// Ends the transaction of the file's own; the migration's is ended by its owner.
    fn roll_back(&self, connection: &mut Connection) {
        if self.is_open && !self.in_transaction {
            // It fails where the connection does, which ends the transaction as well.
            let _ = connection.batch_execute("ROLLBACK");
        }
    }

    /// Fails where a reference does not hold that did before the migration.
    fn check_foreign_keys(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let now = Violations::read(connection).map_err(|error| self.failed(error.into(), true))?;
        let new = now.since(self.violations);
        if new.is_empty() {
            *self.violations = now;
            return Ok(());
        }
        self.roll_back(connection);
        let file = self.entry.file(self.direction);
        let renames = self.statements.iter().any(|(_, one)| one.words(9).iter().any(|word| word == "RENAME"));
        let error = anyhow::anyhow!("It breaks foreign keys ({file}): {new}.");
        Err(Failure { remedy: Some(new.remedy(renames).to_owned()), ..self.failed(error, true) })
    }

    fn record(&self, connection: &mut Connection) -> QueryResult<usize> {
        let version = &self.entry.version;
        match self.direction {
            Direction::Apply => {
                diesel::insert_into(record::table).values(record::version.eq(version)).execute(connection)
            }
            Direction::Revert => diesel::delete(record::table.find(version)).execute(connection),
        }
    }

    fn failed(&self, source: anyhow::Error, is_certain: bool) -> Failure {
        Failure { left: self.left(is_certain), source, remedy: None }
    }

    fn left(&self, is_certain: bool) -> Left {
        if self.kept == 0 {
            let commits =
                self.statements.iter().any(|(control, _)| matches!(control, Control::ImplicitCommit));
            return if commits || !self.in_transaction { Left::NothingOfThisRun } else { Left::Nothing };
        }
        let line = self.statements.get(self.kept).map(|(_, statement)| statement.line());
        let is_certain = is_certain && self.is_certain;
        Left::Statements { count: self.kept, of: self.statements.len(), line, is_certain }
    }
}

/// Whether it is unknown what the server did.
fn is_lost(error: &QueryError) -> bool {
    use diesel::result::DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};

    match error {
        QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _) => true,
        QueryError::RollbackErrorOnCommit { commit_error, .. } => is_lost(commit_error),
        QueryError::BrokenTransactionManager => true,
        _ => false,
    }
}
