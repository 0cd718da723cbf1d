//! Observes the bytes of a PostgreSQL connection, to keep the error details that Diesel drops: the SQLSTATE,
//! the context, and the statement that a position refers to. It closes a connection whose server sends too
//! much.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use diesel::result::Error as QueryError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::cancel::BackendKey;
use super::copy::filter::Filter;
use super::copy::pipe::Pipe;
use super::limits::{Excess, Limits};
use crate::database::delegate::ErrorDetails;
use crate::database::error::server_error::{ErrorFields, ServerError};
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// Longer messages are truncated: nobody reads a line of a statement of this size.
const LIMIT: usize = 4 << 20;

/// The state of a connection's protocol: the last statement, the last error, and the limits.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    settings: Arc<DatabaseSettings>,
    last: Arc<Mutex<Last>>,
}

#[derive(Debug)]
struct Last {
    sent: Messages,
    received: Messages,
    limits: Limits,
    /// Whether the server may request a clear-text password.
    may_send_clear_text: bool,
    /// The name and the text of the statement that was prepared last.
    prepared: (Vec<u8>, Arc<str>),
    /// The statement that the server is running, if known.
    statement: Option<Arc<str>>,
    error: Option<ErrorFields>,
    /// Whether this crate sends the statements itself, and knows which of them an error is about.
    is_taken_over: bool,
    /// Whether the session's time zone and encoding are those that Diesel's types rely on.
    is_utc: bool,
    is_utf8: bool,
    /// What the server, or a pooler, sent at the login for requests to cancel a statement.
    key: BackendKey,
    /// Where the server is, and whether the session is encrypted.
    peer: Option<(Endpoint, bool)>,
    /// The data of the running COPY.
    copy: Option<Arc<Pipe>>,
}

impl Wire {
    pub(super) fn new(settings: &DatabaseSettings) -> Self {
        let mut last = Last {
            sent: Messages::default(),
            received: Messages::default(),
            limits: Limits::new(),
            may_send_clear_text: true,
            prepared: Default::default(),
            statement: None,
            error: None,
            is_taken_over: false,
            is_utc: false,
            is_utf8: false,
            key: BackendKey::default(),
            peer: None,
            copy: None,
        };
        // The first message that a client sends has no type.
        last.sent.header.push(0);
        Self { settings: Arc::new(settings.clone()), last: Arc::new(Mutex::new(last)) }
    }

    /// Routes the messages of a COPY through this pipe. With `None` they go to the driver like all others.
    pub(super) fn copy(&self, pipe: Option<Arc<Pipe>>) {
        self.lock().copy = pipe;
    }

    /// Sets the running COPY in a stream's filter.
    fn direct(&self, filter: &mut Filter) {
        let last = self.lock();
        if last.copy.is_some() || !filter.is_idle() {
            filter.follow(last.copy.clone(), &last.received.header, last.received.left);
        }
    }

    /// Limits the size of the answers to the queries that follow. `None` limits only the length of each
    /// message.
    pub(super) fn limit(&self, most: Option<usize>) {
        self.lock().limits.set(most);
    }

    /// Returns the limit that the server exceeded, if the connection was closed for that.
    pub(super) fn excess(&self) -> Option<Excess> {
        self.lock().limits.excess()
    }

    pub(super) fn settings(&self) -> &Arc<DatabaseSettings> {
        &self.settings
    }

    /// Returns whether the server has reported the time zone UTC and the encoding UTF-8.
    pub(super) fn is_set_up(&self) -> bool {
        let last = self.lock();
        last.is_utc && last.is_utf8
    }

    /// Returns the process that serves this connection, by what the login said.
    pub(super) fn process(&self) -> Option<u32> {
        self.lock().key.process()
    }

    /// Returns the key for a request to cancel a statement, and where to send it.
    pub(super) fn cancellation(&self) -> Option<(BackendKey, Endpoint, bool)> {
        let last = self.lock();
        let (target, is_encrypted) = last.peer.clone()?;
        last.key.process().map(|_| (last.key.clone(), target, is_encrypted))
    }

    /// Records where the session is.
    pub(super) fn reached(&self, target: &Endpoint, is_encrypted: bool) {
        self.lock().peer = Some((target.clone(), is_encrypted));
    }

    /// Stops to keep statements and errors, because the driver no longer sends and receives them. The limits
    /// remain.
    pub(super) fn take_over(&self) {
        let mut last = self.lock();
        last.is_taken_over = true;
        (last.error, last.statement) = (None, None);
    }

    /// Returns the partly received message: its incomplete header, and how much of its body is missing.
    pub(super) fn partly_received(&self) -> (Vec<u8>, usize) {
        let Last { received, .. } = &*self.lock();
        if received.header.len() < Messages::HEADER {
            (received.header.clone(), 0)
        } else {
            (Vec::new(), received.left)
        }
    }

    /// Rejects a server that requests a clear-text password.
    pub(super) fn refuse_clear_text(&self) {
        self.lock().may_send_clear_text = false;
    }

    fn sent(&self, bytes: &[u8]) -> Result<(), Excess> {
        let Last { sent, prepared, statement, limits, is_taken_over, .. } = &mut *self.lock();
        if *is_taken_over {
            return limits.excess().map_or(Ok(()), Err);
        }
        sent.read(
            bytes,
            |kind| if kind == b'B' { 256 } else { LIMIT },
            b"QPB",
            |_, _| {},
            |kind, body| {
                let mut texts = body.split(|byte| *byte == 0);
                let mut next = || texts.next().unwrap_or_default();
                match kind {
                    // Query: its text.
                    b'Q' => *statement = Some(String::from_utf8_lossy(next()).into()),
                    // Parse: the name and the text of a prepared statement.
                    b'P' => {
                        let (name, text) = (next(), next());
                        limits.prepares(name, text);
                        *prepared = (name.to_vec(), String::from_utf8_lossy(text).into());
                        *statement = Some(Arc::clone(&prepared.1));
                    }
                    // Bind: the names of the portal and of the prepared statement.
                    _ => {
                        next();
                        let name = next();
                        limits.executes(name);
                        *statement = (name == prepared.0).then(|| Arc::clone(&prepared.1));
                    }
                }
            },
        );
        limits.excess().map_or(Ok(()), Err)
    }

    fn received(&self, bytes: &[u8]) -> Result<(), Excess> {
        /// AuthenticationCleartextPassword.
        const CLEAR_TEXT: [u8; 4] = [0, 0, 0, 3];
        let Last {
            received,
            statement,
            error,
            limits,
            may_send_clear_text,
            is_taken_over,
            is_utc,
            is_utf8,
            key,
            ..
        } = &mut *self.lock();
        let wanted: &[u8] = if *is_taken_over { b"S" } else { b"ESRK" };
        limits.received(bytes.len());
        let limits = RefCell::new(limits);
        received.read(
            bytes,
            |kind| if kind == b'E' { LIMIT } else { 256 },
            wanted,
            |kind, length| limits.borrow_mut().begins(kind, length),
            |kind, body| match kind {
                b'S' => {
                    limits.borrow_mut().parameter(body);
                    match body.strip_suffix(&[0]).unwrap_or(body) {
                        b"client_encoding\0UTF8" => *is_utf8 = true,
                        // Debian's servers, and the official images, name the same zone so.
                        b"TimeZone\0UTC" | b"TimeZone\0Etc/UTC" => *is_utc = true,
                        other if other.starts_with(b"TimeZone\0") => *is_utc = false,
                        other if other.starts_with(b"client_encoding\0") => *is_utf8 = false,
                        _ => {}
                    }
                }
                b'R' if body == CLEAR_TEXT && !*may_send_clear_text => {
                    limits.borrow_mut().end(Excess::ClearText);
                }
                b'R' => {}
                b'K' => *key = BackendKey::new(body),
                _ => *error = Some(fields(body, statement.as_deref())),
            },
        );
        limits.into_inner().excess().map_or(Ok(()), Err)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ErrorDetails for Wire {
    fn explain(&self, error: QueryError) -> QueryError {
        let QueryError::DatabaseError(_, information) = &error else { return error };
        let mut last = self.lock();
        if let Some(excess) = last.limits.excess() {
            // The driver only sees a closed connection. The exceeded limit, for which this crate closed it,
            // says more.
            let fields = ErrorFields {
                message: excess.to_string(),
                hint: Some(excess.hint().to_owned()),
                ..ErrorFields::default()
            };
            return ServerError::new(&self.settings, fields).into_diesel(error);
        }
        let Some(fields) = last.error.take_if(|fields| fields.message == information.message()) else {
            return error;
        };
        ServerError::new(&self.settings, fields).into_diesel(error)
    }
}

/// Splits a stream of bytes into messages: a type, a length that includes itself, and a body.
#[derive(Debug, Default)]
struct Messages {
    header: Vec<u8>,
    /// The number of bytes of the body that have not arrived yet.
    left: usize,
    body: Option<Vec<u8>>,
}

impl Messages {
    const HEADER: usize = 5;

    /// Calls `begins` for each message with its kind and length, and `found` for each message of a wanted
    /// kind with its body, truncated to a limit.
    fn read(
        &mut self,
        mut bytes: &[u8],
        limit: impl Fn(u8) -> usize,
        wanted: &[u8],
        mut begins: impl FnMut(u8, usize),
        mut found: impl FnMut(u8, &[u8]),
    ) {
        while !bytes.is_empty() {
            // Most messages arrive whole, and nobody wants their bodies.
            if let (true, Some([kind, length @ ..])) = (self.header.is_empty(), bytes.first_chunk::<5>())
                && !wanted.contains(kind)
            {
                let left = (u32::from_be_bytes(*length) as usize).saturating_sub(4);
                if let Some(rest) = bytes.get(Self::HEADER + left..) {
                    begins(*kind, left);
                    bytes = rest;
                    continue;
                }
            }
            if self.header.len() < Self::HEADER {
                let (more, rest) = bytes.split_at(bytes.len().min(Self::HEADER - self.header.len()));
                self.header.extend(more);
                bytes = rest;
                let [kind, length @ ..] = self.header.as_slice() else { return };
                let Ok(length) = <[u8; 4]>::try_from(length) else { return };
                self.left = (u32::from_be_bytes(length) as usize).saturating_sub(4);
                begins(*kind, self.left);
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

/// Parses the fields of an ErrorResponse: each is a letter and a zero-terminated text.
pub(super) fn fields(body: &[u8], statement: Option<&str>) -> ErrorFields {
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

/// A stream whose bytes are observed.
pub(super) struct WatchedStream<S> {
    stream: S,
    wire: Wire,
    filter: Filter,
}

impl<S> WatchedStream<S> {
    pub(super) fn new(stream: S, wire: Wire) -> Self {
        Self { stream, wire, filter: Filter::default() }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.wire.direct(&mut this.filter);
        if !this.filter.is_idle() {
            let received = |bytes: &[u8]| Ok(this.wire.received(bytes)?);
            return this.filter.poll_read(cx, &mut this.stream, buffer, received);
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = polled {
            this.wire.received(&buffer.filled()[before..])?;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.filter.poll_rest(cx, &mut this.stream))?;
        let polled = Pin::new(&mut this.stream).poll_write(cx, buffer);
        if let Poll::Ready(Ok(written)) = polled {
            this.wire.sent(&buffer[..written])?;
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
    use proptest::prelude::*;

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
        wire.sent(&message(0, b"the start has no type")[1..]).expect("no excess");
        wire
    }

    fn said(wire: &Wire, error: &[u8], piece: usize) -> ErrorFields {
        let bytes = [message(b'D', &[0; 300]), message(b'E', error), message(b'Z', b"I")].concat();
        bytes.chunks(piece).for_each(|piece| wire.received(piece).expect("no excess"));
        wire.lock().error.take().expect("an error")
    }

    #[test]
    fn an_error_is_read_whatever_pieces_it_comes_in() {
        for piece in [1, 2, 3, 7, 300, 4096] {
            let wire = wire();
            wire.sent(&message(b'Q', b"SELECT a\0")).expect("no excess");
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
        wire.sent(&message(b'P', b"s0\0SELECT 1\0\0\0")).expect("no excess");
        wire.sent(&message(b'P', b"s1\0SELECT 2\0\0\0")).expect("no excess");
        let error = b"Mbad\0P8\0\0";
        assert_eq!(said(&wire, error, 64).statement.as_deref(), Some("SELECT 2"));
        wire.sent(&message(b'B', b"\0s0\0 and values")).expect("no excess");
        assert_eq!(said(&wire, error, 64).statement, None, "another one than the last to be prepared");
        wire.sent(&message(b'B', b"\0s1\0 and values")).expect("no excess");
        assert_eq!(said(&wire, error, 64).statement.as_deref(), Some("SELECT 2"));
        let inner = said(&wire, b"Mbad\0p3\0qSELECT 3\0\0", 64);
        assert_eq!((inner.statement.as_deref(), inner.position), (Some("SELECT 3"), Some(3)));
        assert!(inner.is_internal);
    }

    #[test]
    fn a_password_is_kept_where_it_could_be_read() {
        let asks = message(b'R', &[0, 0, 0, 3]);
        let open = wire();
        assert_eq!(open.received(&asks), Ok(()));
        let kept = wire();
        kept.refuse_clear_text();
        assert_eq!(kept.received(&message(b'R', &[0, 0, 0, 10])), Ok(()));
        let (start, end) = asks.split_at(6);
        assert_eq!(kept.received(start), Ok(()));
        assert_eq!(kept.received(end), Err(Excess::ClearText));
    }

    /// Generates a message that a server may send, with a right or a wrong length, or arbitrary bytes.
    fn anything() -> impl Strategy<Value = Vec<u8>> {
        let body = || prop::collection::vec(any::<u8>(), 0..200);
        let kind = prop::sample::select(b"RKZSENATDCtdVGHWIsvn123".to_vec());
        prop_oneof![
            4 => (kind.clone(), body()).prop_map(|(kind, body)| message(kind, &body)),
            1 => (kind.clone(), any::<u32>(), body()).prop_map(|(kind, length, body)| {
                [&[kind][..], &length.to_be_bytes(), &body].concat()
            }),
            1 => kind.prop_map(|kind| message(kind, &vec![b'x'; 100_000])),
            1 => body(),
        ]
    }

    proptest! {
        #[test]
        fn whatever_comes_in_whatever_pieces_is_read_the_same(
            messages in prop::collection::vec(anything(), 0..40),
            pieces in prop::collection::vec(1_usize..3000, 1..20),
            most in prop::option::of(0_usize..100_000),
        ) {
            let bytes = messages.concat();
            let (whole, parts) = (wire(), wire());
            for wire in [&whole, &parts] {
                wire.limit(most);
            }
            let _ = whole.received(&bytes);
            let mut rest = &bytes[..];
            for length in pieces.iter().cycle() {
                let (piece, more) = rest.split_at(rest.len().min(*length));
                let _ = (parts.received(piece), parts.sent(piece));
                rest = more;
                if rest.is_empty() {
                    break;
                }
            }
            let _ = whole.sent(&bytes);
            prop_assert_eq!(whole.excess().is_some(), parts.excess().is_some());
            let message = |wire: &Wire| wire.lock().error.as_ref().map(|error| error.message.clone());
            prop_assert_eq!(message(&whole), message(&parts));
        }
    }
}
