//! Runs one migration: in one transaction, or statement by statement with the journal.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as QueryError;

use super::apply::Notes;
use super::control::{Control, needs_session, runnable};
use super::engines::Engines;
use super::failure::{Failure, Left, StatementError, remedy};
use super::foreign_keys::{self, Violations};
use super::interrupt::Interrupt;
use super::kind::Kind;
use super::limits::Limits;
use super::options::Answer;
use super::retry::Retries;
use super::session::{self, MigrationSession};
use super::stepwise::Stepwise;
use super::transaction;
use crate::database::Connection;
use crate::migrations::Direction;
use crate::migrations::journal::{Journal, JournalRow, Subject};
use crate::migrations::script::{Script, Statement};
use crate::migrations::source::Entry;
use crate::settings::Backend;

/// What all migrations of a run share.
pub(super) struct Environment<'a> {
    pub(super) session: &'a MigrationSession,
    pub(super) journal: &'a Journal,
    pub(super) limits: &'a Limits,
    pub(super) interrupt: &'a Interrupt,
    /// Whether the next transaction may run in another session of the server.
    pub(super) is_pooled: bool,
}

/// A migration to run, and what it needs.
pub(super) struct Migration<'a> {
    pub(super) entry: &'a Entry,
    pub(super) direction: Direction,
    pub(super) environment: &'a Environment<'a>,
    /// Whether the journal has no row of it.
    pub(super) is_new: bool,
    /// How far an earlier run got.
    pub(super) earlier: Option<&'a JournalRow>,
    /// How to continue that one.
    pub(super) answer: Option<Answer>,
}

/// Runs one direction of a migration. Restores the session's settings afterwards, even after a failure; the
/// inner result is that of the restoration. `violations` are the broken references of an SQLite database
/// before the migration; afterwards, those after it.
pub(super) fn run(
    connection: &mut Connection,
    migration: &Migration<'_>,
    violations: &mut Violations,
    engines: &mut Engines,
    notes: &mut Notes<'_>,
) -> Result<QueryResult<()>, Failure> {
    let Migration { entry, direction, environment, earlier, .. } = *migration;
    let Environment { session, interrupt, .. } = *environment;
    let backend = connection.backend();
    let nothing = |source: anyhow::Error| Failure::new(Left::Nothing, source);
    let Some(script) = entry.script(direction) else {
        return Err(nothing(anyhow::anyhow!("The file {} does not exist.", entry.file(direction))));
    };
    let mut in_transaction = entry.is_in_transaction() && earlier.is_none();
    let statements = runnable(&script, in_transaction).map_err(|unfit| {
        let hint = unfit.hint.to_owned();
        nothing(StatementError::unfit(entry.file(direction), unfit).into()).with_remedy(Some(hint))
    })?;
    if environment.is_pooled
        && !in_transaction
        && let Some(unfit) = needs_session(&statements)
    {
        let hint = unfit.hint.to_owned();
        let error = StatementError::unfit(entry.file(direction), unfit);
        return Err(nothing(error.into()).with_remedy(Some(hint)));
    }
    if in_transaction && backend == Backend::Mysql {
        let undoable = can_be_undone(connection, engines, &statements);
        in_transaction = undoable.map_err(|error| nothing(error.into()))?;
    }
    let mut run = Run {
        migration,
        checksum: script.checksum(),
        text_hash: script.text_hash(),
        replaced: entry.replaced_versions(),
        script: &script,
        statements,
        violations,
        backend,
        in_transaction,
    };
    let result = if in_transaction {
        let mut retries = Retries::new(environment.limits.tries());
        loop {
            let Err(failure) = transaction::run(&mut run, connection) else { break Ok(()) };
            if let Some(failure) = retries.again(connection, failure, interrupt, notes) {
                break Err(failure);
            }
        }
    } else {
        Stepwise::new(&mut run, engines, notes).run(connection)
    };
    let is_set_back = match backend {
        // A rollback restores them, and through a pooler the session may now be a different one.
        Backend::Postgres => in_transaction || !run.may_change_session(),
        Backend::Mysql => !run.may_change_session(),
        Backend::Sqlite => false,
    };
    let restored = if is_set_back { Ok(()) } else { session.restore(connection) };
    result.map(|()| restored)
}

/// Returns whether MySQL can undo all of these statements.
fn can_be_undone(
    connection: &mut Connection,
    engines: &mut Engines,
    statements: &[(Control, Statement<'_>)],
) -> QueryResult<bool> {
    for (control, statement) in statements {
        let kind = Kind::of(statement, *control, Backend::Mysql);
        let is_undone = match kind {
            Kind::Exact => !engines.names_one(connection, statement)?,
            Kind::Session => *control == Control::Nothing,
            Kind::Alone | Kind::Begin | Kind::End => false,
        };
        if !is_undone {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A migration that is running.
pub(super) struct Run<'a> {
    pub(super) migration: &'a Migration<'a>,
    pub(super) script: &'a Script,
    /// The checksum of the whole file.
    checksum: String,
    text_hash: String,
    replaced: Vec<String>,
    pub(super) statements: Vec<(Control, Statement<'a>)>,
    pub(super) violations: &'a mut Violations,
    pub(super) backend: Backend,
    pub(super) in_transaction: bool,
}

impl<'a> Run<'a> {
    pub(super) fn subject(&self) -> Subject<'_> {
        let entry = self.migration.entry;
        Subject {
            app: entry.app,
            name: entry.name(),
            version: &entry.version,
            direction: self.migration.direction,
            checksum: &self.checksum,
            text_hash: &self.text_hash,
            statements: self.script.statements().count(),
            replaced: &self.replaced,
        }
    }

    pub(super) fn file(&self) -> String {
        self.migration.entry.file(self.migration.direction)
    }

    pub(super) fn statement(&self, nth: usize) -> Statement<'a> {
        self.statements[nth].1
    }

    /// Switches SQLite's foreign keys, and runs the statements that `manage::migrations!` specifies.
    pub(super) fn prepare(&self, connection: &mut Connection) -> Result<(), Failure> {
        if self.backend == Backend::Sqlite {
            let keys = foreign_keys::chosen(self.statements.iter().map(|(_, statement)| *statement));
            let switch = format!("PRAGMA foreign_keys = {}", i32::from(keys.unwrap_or(false)));
            connection.batch_execute(&switch).map_err(|error| self.nothing_done(error.into()))?;
        }
        let limited = self.migration.environment.limits.prepare(connection, self.migration.entry.limits());
        limited.map_err(|error| self.nothing_done(error.into()))?;
        // SQLite and MySQL have settings that cannot be changed inside a transaction. In PostgreSQL, settings
        // are part of the transaction.
        let is_inside = self.backend == Backend::Postgres && self.in_transaction;
        if is_inside { Ok(()) } else { self.before(connection) }
    }

    /// Runs the statements that `manage::migrations!` specifies.
    pub(super) fn before(&self, connection: &mut Connection) -> Result<(), Failure> {
        let entry = self.migration.entry;
        for statement in &entry.before {
            connection.batch_execute(statement).map_err(|error| {
                let context = format!(
                    "The statement `{statement}`, which runs before it ({}), failed.",
                    entry.location
                );
                self.nothing_done(anyhow::Error::from(error).context(context))
            })?;
        }
        Ok(())
    }

    /// Returns the error of a statement, and how to fix it.
    pub(super) fn statement_error(&self, nth: usize, error: QueryError) -> (anyhow::Error, Option<String>) {
        self.statement_error_after("", nth, error)
    }

    /// Like [`Self::statement_error`], for a statement that was sent after other SQL.
    pub(super) fn statement_error_after(
        &self,
        prefix: &str,
        nth: usize,
        error: QueryError,
    ) -> (anyhow::Error, Option<String>) {
        let (statement, backend) = (self.statement(nth), self.backend);
        let remedy = remedy(&statement, backend, self.in_transaction, &error);
        (StatementError::new(self.file(), &statement, prefix, backend, error).into(), remedy)
    }

    /// Returns a failure before the first statement.
    pub(super) fn nothing_done(&self, source: anyhow::Error) -> Failure {
        let left = match self.migration.earlier {
            Some(earlier) => self.left(earlier.done),
            None if self.in_transaction => Left::Nothing,
            None => Left::NothingOfThisRun,
        };
        Failure::new(left, source)
    }

    /// Returns what stays if so many statements are done.
    pub(super) fn left(&self, done: usize) -> Left {
        let line = self.statements.get(done).map(|(_, statement)| statement.line());
        match done {
            0 => Left::NothingOfThisRun,
            _ => Left::Statements {
                count: done,
                of: self.statements.len(),
                line,
                is_certain: true,
                continues: true,
            },
        }
    }

    /// Returns whether these statements may change the session. Without such statements the check is skipped,
    /// which takes time.
    pub(super) fn may_change_session(&self) -> bool {
        !self.migration.entry.before.is_empty()
            || (self.backend == Backend::Mysql && !self.migration.entry.limits().is_none())
            || self.statements.iter().any(|(_, one)| session::may_change_it(one, self.backend))
    }

    /// Returns whether the migration itself sets a setting of PostgreSQL.
    pub(super) fn sets(&self, name: &str) -> bool {
        let is_named = |text: &str| {
            let text = text.trim_start().to_ascii_lowercase();
            let may_set = ["set", "reset", "do"].iter().any(|word| text.starts_with(word));
            text.contains(name) && (may_set || text.contains("set_config"))
        };
        self.statements.iter().any(|(_, statement)| is_named(statement.text()))
            || self.migration.entry.before.iter().any(|statement| is_named(statement))
    }

    /// Returns SQL that limits the statements of a PostgreSQL transaction.
    pub(super) fn transaction_limits(&self) -> String {
        let limits = self.migration.environment.limits;
        limits.of_transaction(self.migration.entry.limits(), |name| self.sets(name))
    }

    /// Returns the broken references that the migration made, as an error; `None` if there are none.
    pub(super) fn broken_keys(
        &mut self,
        connection: &mut Connection,
    ) -> QueryResult<Option<(anyhow::Error, String)>> {
        let now = Violations::read(connection)?;
        let new = now.since(self.violations);
        if new.is_empty() {
            *self.violations = now;
            return Ok(None);
        }
        let file = self.file();
        let renames = self.statements.iter().any(|(_, one)| one.words(9).iter().any(|word| word == "RENAME"));
        let error = anyhow::anyhow!("It breaks foreign keys ({file}): {new}.");
        Ok(Some((error, new.remedy(renames).to_owned())))
    }
}
