//! A bounded buffer for COPY's data, between the caller's thread and the task that drives the connection.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use diesel::QueryResult;
use diesel::result::Error as QueryError;

/// The size at which the writer of the buffer waits.
const ENOUGH: usize = 256 * 1024;

/// The direction of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Direction {
    /// From the caller to the server.
    In,
    /// From the server to the caller.
    Out,
}

/// The data of one COPY.
#[derive(Debug)]
pub(in super::super) struct Pipe {
    pub(super) direction: Direction,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    data: Vec<u8>,
    /// The direction in which the server has begun to copy.
    started: Option<Direction>,
    /// Whether the server requested data in a `copy_out`.
    is_refused: bool,
    /// The result of the source: its error if it failed.
    end: Option<Result<(), String>>,
    /// The number of rows, from the server's command tag.
    rows: Option<u64>,
    filler: Option<Waker>,
    taker: Option<Waker>,
}

impl Pipe {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, state: Mutex::default() }
    }

    /// Waits until more data may be pushed. A source may not push before the server requests data, and never
    /// after its end.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let may_fill =
            self.direction == Direction::Out || state.started == Some(Direction::In) && state.end.is_none();
        if may_fill && state.data.len() < ENOUGH {
            return Poll::Ready(());
        }
        state.filler = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn push(&self, data: &[u8]) {
        let mut state = self.lock();
        state.data.extend(data);
        wake(&mut state.taker);
    }

    /// Notes that the source has ended, or failed.
    pub(super) fn end(&self, end: Result<(), String>) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        wake(&mut state.taker);
    }

    /// Takes all available data; `None` after the source has ended.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let mut state = self.lock();
        if !state.data.is_empty() {
            wake(&mut state.filler);
            return Poll::Ready(Some(mem::take(&mut state.data)));
        }
        if state.end.is_some() {
            return Poll::Ready(None);
        }
        state.taker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Returns the result of the source, once it has ended.
    pub(super) fn source_end(&self) -> Option<Result<(), String>> {
        self.lock().end.clone()
    }

    /// Takes the remaining data.
    pub(super) fn rest(&self) -> Vec<u8> {
        mem::take(&mut self.lock().data)
    }

    /// Notes that the server has begun to copy.
    pub(super) fn start(&self, direction: Direction) {
        let mut state = self.lock();
        state.started.get_or_insert(direction);
        wake(&mut state.filler);
    }

    /// Notes that the server requests data in a `copy_out`.
    pub(super) fn refuse(&self) {
        self.lock().is_refused = true;
    }

    /// Returns whether the statement failed because of that.
    pub(super) fn is_refused(&self) -> bool {
        self.lock().is_refused
    }

    /// Notes that the server has failed and accepts no more data.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.end.get_or_insert(Ok(()));
        state.data = Vec::new();
    }

    /// Stores the row count of a completed statement's command tag, such as `COPY 12`.
    pub(super) fn tag(&self, tag: &[u8]) {
        let words = String::from_utf8_lossy(tag);
        let rows = words.trim_end_matches('\0').strip_prefix("COPY ").and_then(|rows| rows.parse().ok());
        let mut state = self.lock();
        state.rows = rows.or(state.rows);
    }

    /// Returns the number of rows; fails if the statement was not a COPY in this direction.
    pub(super) fn rows(&self) -> QueryResult<u64> {
        let state = self.lock();
        match (state.started, state.rows) {
            (Some(direction), Some(rows)) if direction == self.direction && !state.is_refused => Ok(rows),
            _ => Err(QueryError::QueryBuilderError(self.expected().into())),
        }
    }

    /// Returns the kind of statement that is expected, for errors.
    pub(super) fn expected(&self) -> &'static str {
        match self.direction {
            Direction::In => "`copy_in` runs one statement: COPY … FROM STDIN",
            Direction::Out => "`copy_out` runs one statement: COPY … TO STDOUT",
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
