//! The socket of a connection: records when a response was sent, and disconnects clients that do not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use super::accept::Slot;
use super::access_log::ConnectionLog;
use super::client_timeout::ClientTimeout;
use super::exchange::Abort;

/// A connection's socket, which records when a response was passed to the operating system, and whether the
/// client reads it.
pub(super) struct ObservedIo<I> {
    io: I,
    log: ConnectionLog,
    patience: ClientTimeout,
    /// Whether nothing has been read yet.
    is_new: bool,
    /// An upgraded connection also holds it; such a connection outlives its request.
    _slot: Slot,
}

impl<I> ObservedIo<I> {
    pub(super) fn new(io: I, log: ConnectionLog, client_timeout: Duration, slot: Slot) -> Self {
        Self { io, log, patience: ClientTimeout::new(client_timeout), is_new: true, _slot: slot }
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let written = match written {
            Poll::Ready(written) => written,
            Poll::Pending => {
                ready!(self.patience.poll_used_up(cx));
                Err(io::ErrorKind::TimedOut.into())
            }
        };
        match &written {
            Ok(bytes) => {
                self.patience.progressed(*bytes);
                self.log.wrote(*bytes);
            }
            // The kernel also has such a time limit.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => self.log.abort(Abort::SlowReader),
            Err(_) => {}
        }
        Poll::Ready(written)
    }
}

impl<I: Read + Unpin> ObservedIo<I> {
    /// Reads the first bytes alone, which say whether it is a TLS handshake.
    fn poll_first(&mut self, cx: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; TLS_HANDSHAKE.len()];
        let mut first = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.io).poll_read(cx, first.unfilled()))?;
        self.is_new = false;
        if first.filled() == TLS_HANDSHAKE {
            self.log.begins_tls();
        }
        buffer.put_slice(first.filled());
        Poll::Ready(Ok(()))
    }
}

/// The size up to which a head and a body are written as one piece: two pieces cost the operating system more
/// than the copy.
const JOINED: usize = 1024;

/// Joins the parts, if there are several small ones.
fn join<'a>(parts: &[IoSlice<'_>], joined: &'a mut [u8; JOINED]) -> Option<&'a [u8]> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    if parts.len() < 2 {
        return None;
    }
    let joined = joined.get_mut(..total)?;
    let mut rest = &mut *joined;
    for part in parts {
        let (start, end) = rest.split_at_mut(part.len());
        start.copy_from_slice(part);
        rest = end;
    }
    Some(joined)
}

/// The type of the first record of a TLS connection, and its major version.
const TLS_HANDSHAKE: [u8; 2] = [22, 3];

impl<I: Read + Unpin> Read for ObservedIo<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = if self.is_new {
            self.poll_first(cx, buffer)
        } else {
            Pin::new(&mut self.io).poll_read(cx, buffer)
        };
        if let Poll::Ready(Err(error)) = &read
            && error.kind() == io::ErrorKind::TimedOut
        {
            self.log.abort(Abort::SlowReader);
        }
        read
    }
}

impl<I: Write + Unpin> Write for ObservedIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut joined = [0; JOINED];
        let io = Pin::new(&mut self.io);
        let written = match join(parts, &mut joined) {
            Some(bytes) => io.poll_write(cx, bytes),
            None => io.poll_write_vectored(cx, parts),
        };
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.log.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
