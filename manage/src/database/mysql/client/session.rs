//! The commands of a session, and their answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::super::guard::{Next, length_encoded};
use super::answer::{Columns, affected_rows, take_text};
use super::channel::{Channel, Flags, Packet};
use super::error::{Error, MALFORMED, Result};
use super::stream::Stream;
use super::values;
use crate::database::network::dial::Endpoint;

/// Longer commands are sent only if the server's limit is known. None that is of use has a smaller one.
const SURELY_ACCEPTED: usize = 16 * 1024;

/// The length from which a value is sent on its own if the whole is too long for one command, and the length
/// of its pieces.
const LONG_VALUE: usize = 8 * 1024;

/// The time limit for the rows that are still to come when a session is closed, and for closing it.
const CLOSE_LIMIT: Duration = Duration::from_millis(100);

/// A prepared statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::database::mysql) struct Statement {
    id: u32,
    parameters: u16,
}

#[cfg(test)]
impl Statement {
    pub(super) fn of_id(id: u32) -> Self {
        Self { id, parameters: 0 }
    }
}

/// The first part of an answer.
pub(super) enum Answer {
    /// The statement has no rows.
    Done { affected: u64 },
    /// Rows follow.
    Rows(Columns),
}

/// A session on a server, after login.
pub(in crate::database::mysql) struct Session {
    channel: Channel,
    /// The server's `max_allowed_packet`, once a command needs to know it.
    limit: Option<usize>,
    has_timed_out: bool,
    /// Its number on the server, and where that is.
    place: Option<(u32, Endpoint)>,
}

impl Session {
    pub(in crate::database::mysql) fn new(stream: Stream, flags: Arc<Flags>, deprecates_eof: bool) -> Self {
        let channel = Channel::new(stream, flags, deprecates_eof);
        Self { channel, limit: None, has_timed_out: false, place: None }
    }

    /// Records the number that the server has given to the session.
    pub(super) fn at(mut self, connection: u32, target: &Endpoint) -> Self {
        self.place = Some((connection, target.clone()));
        self
    }

    /// Returns for how long the server has been at work, if there is a deadline.
    pub(super) fn runs_for(&mut self) -> Option<Duration> {
        self.channel.stream().sent().map(|sent| sent.elapsed())
    }

    /// Returns the number of the session on the server, and where that is.
    pub(super) fn place(&self) -> Option<&(u32, Endpoint)> {
        self.place.as_ref()
    }

    pub(in crate::database::mysql) fn flags(&self) -> &Arc<Flags> {
        &self.channel.flags
    }

    /// Calls a function with a time limit for all its statements.
    pub(in crate::database::mysql) fn within<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.channel.stream().set_deadline(Instant::now().checked_add(limit));
        let result = work(self);
        self.channel.stream().set_deadline(None);
        result
    }

    /// Sets or removes the time limit for all that follows.
    pub(in crate::database::mysql) fn set_time_limit(&mut self, limit: Option<Duration>) {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.channel.stream().set_deadline(deadline);
    }

    /// Sets or removes the time at which all that follows fails.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.channel.stream().set_deadline(deadline);
    }

    /// Returns whether the session has ended because a time limit was reached.
    pub(in crate::database::mysql) fn has_timed_out(&self) -> bool {
        self.has_timed_out
    }

    /// Returns whether the session has ended, as far as can be seen without waiting.
    pub(in crate::database::mysql) fn has_ended(&self) -> bool {
        self.channel.flags.has_ended.load(Ordering::Relaxed)
            || self.channel.next == Next::Nothing && !self.channel.is_silent()
    }

    /// Returns whether the server runs nothing, has committed everything, and will commit each statement.
    pub(super) fn is_at_rest(&self) -> bool {
        const IN_TRANSACTION: u16 = 1;
        const AUTOCOMMIT: u16 = 2;
        let is_committed = self.channel.status & (IN_TRANSACTION | AUTOCOMMIT) == AUTOCOMMIT;
        self.channel.next == Next::Nothing && is_committed && !self.has_ended()
    }

    /// Runs the statements of a text, and ignores their rows.
    pub(in crate::database::mysql) fn run(&mut self, sql: &str) -> Result<()> {
        self.guarded(|session| {
            session.query(sql)?;
            session.finish()
        })
        .map(drop)
    }

    /// Returns the size of the buffer for what the server sends.
    #[cfg(test)]
    pub(super) fn buffered(&self) -> usize {
        self.channel.buffered()
    }

    /// Runs a query and returns the rows of its first result as text, without the NULLs and what is not
    /// UTF-8.
    pub(in crate::database::mysql) fn texts(&mut self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.guarded(|session| {
            let mut rows = Vec::new();
            if let Answer::Rows(columns) = session.query(sql)? {
                while let Some(row) = session.row()? {
                    rows.push(text_row(session.channel.body(&row), columns.columns.len())?);
                }
            }
            session.finish()?;
            Ok(rows)
        })
    }

    fn query(&mut self, sql: &str) -> Result<Answer> {
        self.start(0x03, |body| body.extend_from_slice(sql.as_bytes()))?;
        self.channel.send(Next::Result)?;
        self.answer()
    }

    /// Prepares a statement.
    pub(in crate::database::mysql) fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.guarded(|session| {
            session.start(0x16, |body| body.extend_from_slice(sql.as_bytes()))?;
            session.channel.send(Next::Prepared)?;
            let packet = session.packet()?;
            let Some(head) = session.channel.body(&packet).first_chunk::<9>() else { return Err(MALFORMED) };
            let &[0x00, a, b, c, d, _, _, low, high] = head else { return Err(MALFORMED) };
            let statement = Statement {
                id: u32::from_le_bytes([a, b, c, d]),
                parameters: u16::from_le_bytes([low, high]),
            };
            while session.channel.next != Next::Nothing {
                session.packet()?;
            }
            Ok(statement)
        })
    }

    /// Runs a prepared statement with values.
    pub(super) fn execute(&mut self, statement: Statement, values: &values::Values) -> Result<Answer> {
        let bound = values.len();
        if bound != usize::from(statement.parameters) {
            return Err(Error::Parameters { expected: statement.parameters.into(), bound });
        }
        self.guarded(|session| {
            session.start_execution(statement, values)?;
            session.channel.send(Next::Result)?;
            session.answer()
        })
    }

    fn start_execution(&mut self, statement: Statement, values: &values::Values) -> Result<()> {
        let started = self.start(0x17, |body| values.execution(statement.id, usize::MAX, body));
        if !matches!(started, Err(Error::TooLong { .. })) {
            return started;
        }
        // The server accepts each value on its own, and in pieces.
        for (index, value) in values.longer_than(LONG_VALUE) {
            for piece in value.chunks(LONG_VALUE) {
                let body = self.channel.begin(0x18);
                body.extend_from_slice(&statement.id.to_le_bytes());
                body.extend_from_slice(&index.to_le_bytes());
                body.extend_from_slice(piece);
                self.channel.keep();
            }
        }
        self.start(0x17, |body| values.execution(statement.id, LONG_VALUE, body))
    }

    /// Closes a statement with the next command.
    pub(super) fn close(&mut self, statement: Statement) {
        self.channel.begin(0x19).extend_from_slice(&statement.id.to_le_bytes());
        self.channel.keep();
    }

    /// Begins a command, and fails if it is too long for the server.
    fn start(&mut self, kind: u8, write: impl Fn(&mut Vec<u8>)) -> Result<()> {
        // An error among the rows that nobody read is nobody's.
        self.finish().map(drop).or_else(|error| if error.is_fatal() { Err(error) } else { Ok(()) })?;
        write(self.channel.begin(kind));
        let length = self.channel.length();
        if length <= self.limit.unwrap_or(SURELY_ACCEPTED) {
            return Ok(());
        }
        if self.limit.is_none() {
            self.channel.discard();
            self.limit = Some(self.ask_limit()?);
            write(self.channel.begin(kind));
        }
        match self.limit {
            Some(limit) if length > limit => {
                self.channel.discard();
                Err(Error::TooLong { length, limit })
            }
            _ => Ok(()),
        }
    }

    fn ask_limit(&mut self) -> Result<usize> {
        let rows = self.texts("SELECT @@max_allowed_packet")?;
        rows.first().and_then(|row| row.first()?.parse().ok()).ok_or(MALFORMED)
    }

    /// Reads the first part of an answer.
    fn answer(&mut self) -> Result<Answer> {
        let packet = self.packet()?;
        let body = self.channel.body(&packet);
        match body[0] {
            0x00 => Ok(Answer::Done { affected: affected_rows(body)? }),
            // The server asks for a file, which nobody has offered.
            0xfb => Err(Error::Invalid(Some(super::super::guard::Refusal::AsksForFile))),
            _ => {
                let (count, _) = length_encoded(body).ok_or(MALFORMED)?;
                let mut columns = Columns::default();
                for _ in 0..count {
                    let packet = self.packet()?;
                    columns.add(self.channel.body(&packet))?;
                }
                if !self.channel.deprecates_eof() {
                    self.packet()?;
                }
                Ok(Answer::Rows(columns))
            }
        }
    }

    /// Reads the next row of the current result. Without more rows it is `None`, and the affected rows are
    /// known.
    fn row(&mut self) -> Result<Option<Packet>> {
        if self.channel.next != Next::Rows {
            return Ok(None);
        }
        let packet = self.packet()?;
        Ok((self.channel.next == Next::Rows).then_some(packet))
    }

    /// Reads the next row, and converts it.
    pub(super) fn next_row<T>(&mut self, convert: impl FnOnce(&[u8]) -> Result<T>) -> Result<Option<T>> {
        self.guarded(|session| {
            let Some(row) = session.row()? else { return Ok(None) };
            convert(session.channel.body(&row)).map(Some)
        })
    }

    /// Reads what is left of all results. Returns the number of affected rows if another result follows, or
    /// if the server reports it at the end of the rows.
    fn finish(&mut self) -> Result<Option<u64>> {
        let mut affected = None;
        loop {
            match self.channel.next {
                Next::Nothing => return Ok(affected),
                Next::Rows => {
                    let packet = self.packet()?;
                    if self.channel.next != Next::Rows && self.channel.deprecates_eof() {
                        affected = Some(affected_rows(self.channel.body(&packet))?);
                    }
                }
                Next::Result => {
                    if let Answer::Done { affected: count } = self.answer()? {
                        affected = Some(count);
                    }
                }
                _ => {
                    self.packet()?;
                }
            }
        }
    }

    /// Reads what is left of all results.
    pub(super) fn finish_results(&mut self) -> Result<Option<u64>> {
        self.guarded(Self::finish)
    }

    /// Reads a packet, and fails if it is an error.
    fn packet(&mut self) -> Result<Packet> {
        let packet = self.channel.read()?;
        let body = self.channel.body(&packet);
        if body[0] == 0xff { Err(Error::read(body)) } else { Ok(packet) }
    }

    /// Fails if the session has ended, and ends it if it cannot go on.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.channel.flags.has_ended.load(Ordering::Relaxed) {
            return Err(Error::Ended);
        }
        let result = work(self);
        if let Err(error) = &result
            && error.is_fatal()
        {
            self.has_timed_out |= error.has_timed_out();
            self.channel.flags.has_ended.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Splits a row of text.
fn text_row(mut row: &[u8], columns: usize) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for _ in 0..columns {
        if let Some(rest) = row.strip_prefix(&[0xfb]) {
            row = rest;
        } else if let Ok(text) = String::from_utf8(take_text(&mut row)?.to_vec()) {
            texts.push(text);
        }
    }
    Ok(texts)
}

impl Drop for Session {
    /// Ends the session, so that the server does not log the connection as aborted. It need not wait for the
    /// server: what was sent arrives also when the socket is closed.
    fn drop(&mut self) {
        if self.channel.flags.has_ended.load(Ordering::Relaxed) {
            return;
        }
        self.set_time_limit(Some(CLOSE_LIMIT));
        if self.finish_results().is_ok() || self.channel.next == Next::Nothing {
            self.channel.quit();
        }
    }
}
