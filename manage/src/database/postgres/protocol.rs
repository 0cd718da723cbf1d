//! PostgreSQL's protocol after the login: statements are sent, and answers received, by the caller's thread.
//!
//! tokio-postgres logs in. Its client is not used for statements: it prepares in a round trip of its own,
//! queries the server about each type that it does not know, also while the rows of the statement arrive,
//! and passes every message between two tasks.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::answers::{Answer, SessionState, missing, take};
use crate::database::network::AsyncStream;
use crate::database::network::caller;
use crate::database::network::contained::expecting;

/// The minimum number of bytes to read at once, and the maximum to make room for at once.
const READ: usize = 8 * 1024;
const MOST_ROOM: usize = 1024 * 1024;

/// The maximum number of reads while nothing is expected.
const MOST_READS: usize = 256;

/// Why a connection cannot be used any more.
#[derive(Debug)]
pub(super) enum Lost {
    Io(io::Error),
    /// The server did not answer in time.
    Unanswered,
    /// The received data caused a panic.
    Panicked,
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A session on a server.
pub(super) struct Protocol {
    /// Present until drop.
    stream: Option<Box<dyn AsyncStream>>,
    input: BytesMut,
    /// The messages to send next.
    pub(super) output: BytesMut,
    /// The number of bytes to skip: the rest of a message that was partly read before the takeover.
    skip: usize,
    state: SessionState,
    /// The number of transactions that have begun.
    transactions: u64,
    /// The end of the time limit.
    pub(super) deadline: Option<Instant>,
    pub(super) was_unanswered: bool,
    has_ended: bool,
    /// The error with which the server closed the connection between two statements.
    farewell: Option<Answer>,
}

impl Protocol {
    const CLOSE_LIMIT: Duration = Duration::from_millis(100);

    /// Continues a session that is logged in. `input` and `skip` describe the partly read message.
    pub(super) fn new(stream: Box<dyn AsyncStream>, input: &[u8], skip: usize) -> Self {
        Self {
            stream: Some(stream),
            input: BytesMut::from(input),
            output: BytesMut::new(),
            skip,
            state: SessionState::Idle,
            transactions: 0,
            deadline: None,
            was_unanswered: false,
            has_ended: false,
            farewell: None,
        }
    }

    pub(super) fn state(&self) -> SessionState {
        self.state
    }

    /// Returns the number of the open transaction.
    pub(super) fn transaction(&self) -> Option<u64> {
        (self.state != SessionState::Idle).then_some(self.transactions)
    }

    /// Returns whether the connection is known to be lost.
    pub(super) fn is_lost(&self) -> bool {
        self.has_ended
    }

    /// Waits for the server. What `poll` does must depend on it alone.
    pub(super) fn wait<T>(
        &mut self,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Result<T, Lost> {
        if self.has_ended && self.farewell.is_none() {
            return Err(Lost::Io(io::ErrorKind::NotConnected.into()));
        }
        let deadline = self.deadline;
        let answer = poll_fn(|cx| poll(self, cx));
        let result = expecting(|| match deadline {
            None => Some(caller::run(answer)),
            Some(deadline) => caller::run_until(deadline, answer),
        });
        let lost = match result {
            Ok(Some(Ok(answer))) => return Ok(answer),
            Ok(Some(Err(error))) => Lost::Io(error),
            Ok(None) => Lost::Unanswered,
            Err(_) => Lost::Panicked,
        };
        self.was_unanswered |= matches!(lost, Lost::Unanswered);
        self.has_ended = true;
        Err(lost)
    }

    /// Sends the output, if any is left, and receives an answer.
    pub(super) fn next(&mut self) -> Result<Answer, Lost> {
        // Several rows mostly arrive at once.
        if self.output.is_empty() {
            match self.take() {
                Ok(None) => {}
                Ok(Some(answer)) => return Ok(answer),
                Err(error) => {
                    self.has_ended = true;
                    return Err(Lost::Io(error));
                }
            }
        }
        self.wait(Self::poll_next)
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Answer>> {
        // A server that closed the connection may have said why before that.
        let sent = match ready!(self.poll_send(cx)) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.output.clear();
                Err(error)
            }
        };
        loop {
            if let Some(answer) = self.take()? {
                return Poll::Ready(Ok(answer));
            }
            match ready!(self.poll_receive(cx)) {
                Ok(()) => {}
                Err(error) => return Poll::Ready(sent.and(Err(error))),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if self.output.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.output.is_empty() {
            let written = ready!(Pin::new(&mut **stream).poll_write(cx, &self.output))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.advance(written);
        }
        Pin::new(&mut **stream).poll_flush(cx)
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        self.input.reserve(missing(&self.input).clamp(READ, MOST_ROOM));
        match ready!(pin!(stream.read_buf(&mut self.input)).poll(cx))? {
            0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Takes the next answer of those that have arrived.
    fn take(&mut self) -> io::Result<Option<Answer>> {
        if self.skip > 0 {
            let skipped = self.skip.min(self.input.len());
            self.input.advance(skipped);
            self.skip -= skipped;
        }
        if let Some(farewell) = self.farewell.take() {
            return Ok(Some(farewell));
        }
        let answer = take(&mut self.input)?;
        if let Some(Answer::Ready(state)) = answer {
            if self.state == SessionState::Idle && state != SessionState::Idle {
                self.transactions += 1;
            }
            self.state = state;
        }
        Ok(answer)
    }

    /// Stops a COPY that the caller did not intend. `is_extended`: whether the server waits for a Sync, too.
    pub(super) fn refuse_copy(&mut self, is_extended: bool) -> io::Result<()> {
        frontend::copy_fail("no data is sent: use `copy_in`", &mut self.output)?;
        if is_extended {
            frontend::sync(&mut self.output);
        }
        Ok(())
    }

    /// Returns whether the server has closed the connection. It does not wait, and sends nothing.
    pub(super) fn has_ended(&mut self) -> bool {
        // A server that sends notices without end must not keep the caller here.
        for _ in 0..MOST_READS {
            if self.has_ended {
                break;
            }
            match self.take() {
                // Between two statements only an error is sent, before the server closes the connection.
                Ok(Some(answer)) => (self.farewell, self.has_ended) = (Some(answer), true),
                Err(_) => self.has_ended = true,
                Ok(None) => match expecting(|| caller::look(poll_fn(|cx| self.poll_receive(cx)))) {
                    Ok(Some(Ok(()))) => {}
                    Ok(Some(Err(_))) | Err(_) => self.has_ended = true,
                    Ok(None) => break,
                },
            }
        }
        self.has_ended
    }

    /// Notes that the server has closed the connection.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }

    /// Gives the connection up in the middle of a statement.
    pub(super) fn abandon(&mut self) {
        self.has_ended = true;
        self.stream = None;
    }
}

impl Drop for Protocol {
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take().filter(|_| !self.has_ended) else { return };
        if !caller::is_usable() {
            return;
        }
        let mut output = std::mem::take(&mut self.output);
        output.clear();
        frontend::terminate(&mut output);
        let close = async {
            stream.write_all(&output).await?;
            stream.flush().await
        };
        // It is short, so this takes no time unless the server reads nothing.
        let _ = expecting(|| caller::run_until(Instant::now() + Self::CLOSE_LIMIT, close));
    }
}
