//! Continues a migration that an earlier run began.

use std::fmt;

use super::concurrent_index::ConcurrentIndex;
use super::control::Control;
use super::failure::Failure;
use super::kind::{Kind, ends_with_the_session};
use super::options::{Answer, UnclearStatement};
use super::repeat::Repeat;
use super::stepwise::Stepwise;
use crate::database::Connection;

use crate::migrations::journal::State;
use crate::migrations::script::Checksum;

/// Why a migration cannot be continued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResumeError {
    /// The migration's name.
    pub(crate) name: String,
    /// Diesel's version.
    pub(crate) version: String,
    /// The path of the file.
    pub(crate) file: String,
    /// The number of statements that are done.
    pub(crate) done: usize,
    /// The line of a statement that made something for the session of the earlier run; `None` if the file was
    /// edited.
    pub(crate) session_line: Option<usize>,
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, done, session_line, .. } = self;
        write!(f, "The migration {name} cannot be continued: ")?;
        match (session_line, done) {
            (Some(line), _) => write!(
                f,
                "the earlier run's session has ended, and with it what {file} creates in line {line} for the session."
            ),
            (None, 1) => write!(f, "its first statement was done, and {file} was edited there since."),
            (None, done) => {
                write!(f, "its first {done} statements were done, and {file} was edited there since.")
            }
        }
    }
}

impl std::error::Error for ResumeError {}

impl Stepwise<'_, '_, '_> {
    /// Skips the statements that an earlier run has done, and looks at the one that it had begun.
    pub(super) fn resume(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let Some(earlier) = self.run.migration.earlier else { return Ok(()) };
        let answer = self.run.migration.answer;
        let statements = &self.run.statements;
        let of_done =
            statements.get(..earlier.done).map(|done| Checksum::of(done.iter().map(|(_, one)| *one)));
        if of_done.is_none_or(|checksum| checksum.text() != earlier.done_checksum) {
            return Err(self.cannot_resume(earlier.done, None));
        }
        let of_session = statements[..earlier.done].iter().find(|(_, one)| ends_with_the_session(one));
        if let Some((_, statement)) = of_session
            && answer.is_none()
        {
            return Err(self.cannot_resume(earlier.done, Some(statement.line())));
        }
        for i in 0..earlier.done {
            // Locks and settings ended with the earlier run's session.
            if self.kind(i) == Kind::Session {
                self.session_statement(connection)?;
            } else {
                self.advance();
            }
        }
        if earlier.state != State::Begun || self.done >= self.run.statements.len() {
            return Ok(());
        }
        let statement = self.run.statement(self.done);
        let is_changed =
            earlier.begun_checksum.as_ref().is_some_and(|begun| Checksum::of([statement]).text() != *begun);
        let repeat = Repeat::of(&statement, self.run.backend);
        let index = ConcurrentIndex::of(&statement);
        let is_clear = !is_changed
            && (index.is_some_and(|index| index.has_name()) || repeat != Repeat::Unclear)
            && self.kind(self.done) != Kind::Begin;
        let answer = match answer {
            None if is_clear => return self.alone(connection, &repeat),
            None => self.ask(is_changed)?,
            Some(answer) => answer,
        };
        match answer {
            Answer::Again | Answer::Restart => Ok(()),
            Answer::Done if self.kind(self.done) == Kind::Begin => {
                let end = self.end_of_own(self.done);
                let is_part = matches!(self.control(end), Some(Control::Commit | Control::Rollback));
                let last = if is_part { end + 1 } else { end };
                while self.done < last {
                    self.advance_unrecorded();
                }
                Ok(())
            }
            Answer::Done => {
                self.advance_unrecorded();
                Ok(())
            }
        }
    }

    /// Asks whether the next statement is done.
    fn ask(&mut self, is_changed: bool) -> Result<Answer, Failure> {
        let entry = self.run.migration.entry;
        let statement = self.run.statement(self.done);
        let end = if self.kind(self.done) == Kind::Begin { self.end_of_own(self.done) } else { self.done };
        let lines = (self.done..=end).filter_map(|i| Some(self.run.statements.get(i)?.1.text()));
        let unclear = UnclearStatement {
            name: entry.name().to_owned(),
            version: entry.version.clone(),
            file: self.run.file(),
            line: statement.line(),
            sql: lines.collect::<Vec<_>>().join(";\n"),
            is_changed,
        };
        match self.notes.decide(&unclear).map_err(Failure::Stopped)? {
            Some(Answer::Restart) | None => Err(Failure::Stopped(unclear.into())),
            Some(answer) => Ok(answer),
        }
    }

    fn cannot_resume(&self, done: usize, session_line: Option<usize>) -> Failure {
        let entry = self.run.migration.entry;
        let error = ResumeError {
            name: entry.name().to_owned(),
            version: entry.version.clone(),
            file: self.run.file(),
            done,
            session_line,
        };
        Failure::Stopped(error.into())
    }
}
