//! Runs one migration: its statements one by one, and then the statement that records it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as QueryError;

use super::control::{Control, runnable};
use super::failure::{Left, StatementError, remedy};
use super::foreign_keys::{self, Violations};
use super::session::{self, MigrationSession};
use crate::database::Connection;
use crate::migrations::Direction;
use crate::migrations::plan::migration_plan::__diesel_schema_migrations as record;
use crate::migrations::script::Statement;
use crate::migrations::source::Entry;
use crate::settings::Backend;

/// Why a migration failed, and which of its effects persist.
pub(super) struct Failure {
    pub(super) left: Left,
    pub(super) source: anyhow::Error,
    /// How to fix it.
    pub(super) remedy: Option<String>,
}

/// Runs one direction of a migration. Restores the session's settings afterwards, even after a failure; the
/// inner result is that of the restoration. `violations` are the broken references of an SQLite database
/// before the migration; afterwards, those after it.
pub(super) fn run(
    connection: &mut Connection,
    entry: &Entry,
    direction: Direction,
    session: &MigrationSession,
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
        // A rollback restores them, and through a pooler the session may now be a different one.
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
    session: &'a MigrationSession,
    violations: &'a mut Violations,
    backend: Backend,
    in_transaction: bool,
    /// The number of statements that took effect.
    done: usize,
    /// The number of statements that a rollback would not undo.
    kept: usize,
    /// Whether a rollback would undo the next statement.
    is_open: bool,
    /// Whether it is certain that the statements counted in `kept` took effect.
    is_certain: bool,
}

impl Run<'_> {
    fn all(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let backend = connection.backend();
        // SQLite and MySQL have settings that cannot be changed inside a transaction. In PostgreSQL, settings
        // are part of the transaction.
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
                    "Its transaction could not begin."
                };
                let failure = self.failed(anyhow::Error::from(error).context(part), true);
                Err(if is_lost { Failure { left: Left::Unknown, ..failure } } else { failure })
            }
        }
    }

    /// Runs the statements that `manage::migrations!` specifies.
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
                // It is unknown whether the statement committed the preceding ones.
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
                    anyhow::Error::from(error).context("The settings of the session cannot be restored."),
                    true,
                )
            })?;
        }
        self.record(connection).map_err(|error| {
            self.failed(anyhow::Error::from(error).context("It cannot be recorded."), true)
        })?;
        Ok(())
    }

    /// Returns whether these statements may change MySQL's session. Without such statements the check is
    /// skipped: it takes time, in which a killed process would leave a migration without its record.
    fn may_change_session(&self) -> bool {
        !self.entry.before.is_empty() || self.statements.iter().any(|(_, one)| session::may_change_it(one))
    }

    fn count(&mut self, control: Control) {
        let before = self.done;
        self.done += 1;
        match control {
            Control::Begin => {
                // On MySQL, `BEGIN` commits an open transaction.
                if self.is_open && self.backend == Backend::Mysql {
                    self.kept = before;
                }
                self.is_open = true;
            }
            // On MySQL, statements after an implicit commit are outside of a transaction.
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

    /// Returns whether a statement may commit implicitly. PostgreSQL does not allow that in a transaction.
    fn commits_alone(&self, control: Control) -> bool {
        control == Control::Anything && (self.backend == Backend::Mysql || !self.is_open)
    }

    /// Returns that part of a failed statement, such as a procedure, may have been committed.
    fn part_of(&self, statement: Statement<'_>) -> Left {
        Left::Statements {
            count: 0,
            of: self.statements.len(),
            line: Some(statement.line()),
            is_certain: false,
        }
    }

    /// Adds the effects that MySQL could not roll back: engines such as MyISAM have no transactions.
    fn add_what_is_kept(&self, connection: &mut Connection, failure: &mut Failure) {
        if self.backend != Backend::Mysql || !matches!(failure.left, Left::Nothing | Left::NothingOfThisRun) {
            return;
        }
        let line = |nth: usize| self.statements.get(nth).map(|(_, statement)| statement.line());
        if session::is_rollback_incomplete(connection) {
            let of = self.statements.len();
            // A part of the failed statement may also persist.
            let count = (self.done + 1).min(of);
            failure.left = Left::Statements { count, of, line: line(count), is_certain: false };
        }
    }

    /// Rolls back the file's own transaction. The caller ends the migration's transaction.
    fn roll_back(&self, connection: &mut Connection) {
        if self.is_open && !self.in_transaction {
            // It fails only if the connection is lost, which also ends the transaction.
            let _ = connection.batch_execute("ROLLBACK");
        }
    }

    /// Fails if the migration broke a reference.
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

/// Returns whether the server's result is unknown.
fn is_lost(error: &QueryError) -> bool {
    use diesel::result::DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};

    match error {
        QueryError::DatabaseError(ClosedConnection | UnableToSendCommand, _) => true,
        QueryError::RollbackErrorOnCommit { commit_error, .. } => is_lost(commit_error),
        QueryError::BrokenTransactionManager => true,
        _ => false,
    }
}
