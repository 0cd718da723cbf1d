//! Reads along what a PostgreSQL connection sends and receives, for what the driver's errors lose on their way through Diesel: the
//! SQLSTATE, the context, and which statement a position belongs to.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use diesel::result::Error as QueryError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::delegate::ErrorDetails;
use super::server_error::{ErrorFields, ServerError};
use crate::settings::DatabaseSettings;

/// Longer messages are not kept: a statement of this size has no line that a person reads.
const LIMIT: usize = 4 << 20;

/// What a connection last sent and received.
#[derive(Clone, Debug)]
pub struct Wire {
    settings: Arc<DatabaseSettings>,
    last: Arc<Mutex<Last>>,
}

#[derive(Debug, Default)]
struct Last {
    sent: Messages,
    received: Messages,
    /// The prepared statement that was sent last: its name and its text.
    prepared: (Vec<u8>, Arc<str>),
    /// The statement that the server works on, if it is known.
    statement: Option<Arc<str>>,
    error: Option<ErrorFields>,
}

impl Wire {
    pub(super) fn new(settings: &DatabaseSettings) -> Self {
        let mut last = Last::default();
        // The first message that a client sends has no type.
        last.sent.header.push(0);
        Self { settings: Arc::new(settings.clone()), last: Arc::new(Mutex::new(last)) }
    }

    fn sent(&self, bytes: &[u8]) {
        let Last { sent, prepared, statement, .. } = &mut *self.lock();
        sent.read(
            bytes,
            |kind| if kind == b'B' { 256 } else { LIMIT },
            b"QPB",
            |kind, body| {
                let mut texts = body.split(|byte| *byte == 0);
                let mut next = || texts.next().unwrap_or_default();
                match kind {
                    // A query: its text.
                    b'Q' => *statement = Some(String::from_utf8_lossy(next()).into()),
                    // A statement to be prepared: its name and its text.
                    b'P' => {
                        *prepared = (next().to_vec(), String::from_utf8_lossy(next()).into());
                        *statement = Some(Arc::clone(&prepared.1));
                    }
                    // Values for a prepared statement: the portal's name, and the statement's.
                    _ => {
                        next();
                        *statement = (next() == prepared.0).then(|| Arc::clone(&prepared.1));
                    }
                }
            },
        );
    }

    fn received(&self, bytes: &[u8]) {
        let Last { received, statement, error, .. } = &mut *self.lock();
        received.read(bytes, |_| LIMIT, b"E", |_, body| *error = Some(fields(body, statement.as_deref())));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ErrorDetails for Wire {
    fn explain(&self, error: QueryError) -> QueryError {
        let QueryError::DatabaseError(_, information) = &error else { return error };
        let mut last = self.lock();
        let Some(fields) = last.error.take_if(|fields| fields.message == information.message()) else {
            return error;
        };
        ServerError::new(&self.settings, fields).into_diesel(error)
    }
}

/// Finds the messages in a stream of bytes: a type, a length that counts itself, and a body.
#[derive(Debug, Default)]
struct Messages {
    header: Vec<u8>,
    /// How much of the body is still to come.
    left: usize,
    body: Option<Vec<u8>>,
}

impl Messages {
    const HEADER: usize = 5;

    /// Calls `found` for each message of a wanted kind, with its body up to a limit.
    fn read(
        &mut self,
        mut bytes: &[u8],
        limit: impl Fn(u8) -> usize,
        wanted: &[u8],
        mut found: impl FnMut(u8, &[u8]),
    ) {
        while !bytes.is_empty() {
            if self.header.len() < Self::HEADER {
                let (more, rest) = bytes.split_at(bytes.len().min(Self::HEADER - self.header.len()));
                self.header.extend(more);
                bytes = rest;
                let [kind, length @ ..] = self.header.as_slice() else { return };
                let Ok(length) = <[u8; 4]>::try_from(length) else { return };
                self.left = (u32::from_be_bytes(length) as usize).saturating_sub(4);
                self.body = wanted.contains(kind).then(Vec::new);
            }
            let kind = self.header[0];
            let (more, rest) = bytes.split_at(bytes.len().min(self.left));
            if let Some(body) = &mut self.body {
                let room = limit(kind).saturating_sub(body.len());
                body.extend(&more[..more.len().min(room)]);
            }
            self.left -= more.len();
            bytes = rest;
            if self.left == 0 {
                if let Some(body) = self.body.take() {
                    found(kind, &body);
                }
                self.header.clear();
            }
        }
    }
}

/// The fields of an ErrorResponse: each a letter and a text that ends with a zero.
fn fields(body: &[u8], statement: Option<&str>) -> ErrorFields {
    let mut fields = ErrorFields::default();
    let (mut position, mut internal_position, mut internal) = (None, None, None);
    for field in body.split(|byte| *byte == 0) {
        let Some((kind, text)) = field.split_first() else { continue };
        let text = String::from_utf8_lossy(text).into_owned();
        match kind {
            b'M' => fields.message = text,
            b'C' => fields.sqlstate = Some(text),
            b'D' => fields.detail = Some(text),
            b'H' => fields.hint = Some(text),
            b'W' => fields.context = Some(text),
            b's' => fields.schema = Some(text),
            b't' => fields.table = Some(text),
            b'c' => fields.column = Some(text),
            b'd' => fields.data_type = Some(text),
            b'n' => fields.constraint = Some(text),
            b'P' => position = text.parse().ok(),
            b'p' => internal_position = text.parse().ok(),
            b'q' => internal = Some(text),
            _ => {}
        }
    }
    match internal {
        Some(text) => {
            (fields.statement, fields.position, fields.is_internal) = (Some(text), internal_position, true);
        }
        None => (fields.statement, fields.position) = (statement.map(str::to_owned), position),
    }
    fields
}

/// A stream whose bytes are read along.
pub(super) struct WatchedStream<S> {
    stream: S,
    wire: Wire,
}

impl<S> WatchedStream<S> {
    pub(super) fn new(stream: S, wire: Wire) -> Self {
        Self { stream, wire }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = polled {
            this.wire.received(&buffer.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, buffer);
        if let Poll::Ready(Ok(written)) = polled {
            this.wire.sent(&buffer[..written]);
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    fn wire() -> Wire {
        let settings =
            DatabaseSettings::from_url("default", "postgres://db/blog", Origin::Code).expect("a URL");
        let wire = Wire::new(&settings);
        wire.sent(&message(0, b"the start has no type")[1..]);
        wire
    }

    fn said(wire: &Wire, error: &[u8], piece: usize) -> ErrorFields {
        let bytes = [message(b'D', &[0; 300]), message(b'E', error), message(b'Z', b"I")].concat();
        bytes.chunks(piece).for_each(|piece| wire.received(piece));
        wire.lock().error.take().expect("an error")
    }

    #[test]
    fn an_error_is_read_whatever_pieces_it_comes_in() {
        for piece in [1, 2, 3, 7, 300, 4096] {
            let wire = wire();
            wire.sent(&message(b'Q', b"SELECT a\0"));
            let fields = said(&wire, b"SERROR\0C42703\0Mno column\0P8\0Wsomewhere\0\0", piece);
            assert_eq!(fields.message, "no column");
            assert_eq!(fields.sqlstate.as_deref(), Some("42703"));
            assert_eq!(fields.context.as_deref(), Some("somewhere"));
            assert_eq!((fields.statement.as_deref(), fields.position), (Some("SELECT a"), Some(8)));
        }
    }

    #[test]
    fn a_position_goes_with_its_own_statement() {
        let wire = wire();
        wire.sent(&message(b'P', b"s0\0SELECT 1\0\0\0"));
        wire.sent(&message(b'P', b"s1\0SELECT 2\0\0\0"));
        let error = b"Mbad\0P8\0\0";
        assert_eq!(said(&wire, error, 64).statement.as_deref(), Some("SELECT 2"));
        wire.sent(&message(b'B', b"\0s0\0 and values"));
        assert_eq!(said(&wire, error, 64).statement, None, "another one than the last to be prepared");
        wire.sent(&message(b'B', b"\0s1\0 and values"));
        assert_eq!(said(&wire, error, 64).statement.as_deref(), Some("SELECT 2"));
        let inner = said(&wire, b"Mbad\0p3\0qSELECT 3\0\0", 64);
        assert_eq!((inner.statement.as_deref(), inner.position), (Some("SELECT 3"), Some(3)));
        assert!(inner.is_internal);
    }
}
