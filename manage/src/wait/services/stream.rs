//! A connection to a service, with a limit on the bytes that it reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::SILENT;
use crate::database::{AsyncStream, ConnectError, Reason, ServiceAddress};

/// The maximum total size of a service's responses; no expected response is nearly as long.
const MOST: usize = 256 << 10;
/// The maximum length of a line.
const LONGEST_LINE: usize = 4096;

/// The error kind if more bytes arrive than the maximum. No error of the system or of the TLS library has it.
pub(super) const TOO_MUCH: io::ErrorKind = io::ErrorKind::FileTooLarge;

/// A connection to a service, encrypted if requested.
pub(super) struct ServiceStream(Box<dyn AsyncStream>);

impl ServiceStream {
    /// Connects to one of the host's addresses.
    pub(super) async fn open(
        name: &str,
        host: &str,
        port: u16,
        tls: bool,
        until: Instant,
    ) -> Result<Self, ConnectError> {
        let left = until.saturating_duration_since(Instant::now());
        let address = ServiceAddress::new(name, host, port, left);
        let bounded = Bounded { socket: address.connect().await?, room: MOST };
        if !tls {
            return Ok(Self(Box::new(bounded)));
        }
        let encrypted = timeout_at(until, address.encrypt(bounded)).await;
        encrypted.unwrap_or_else(|_| Err(ConnectError::of_service(name, Reason::TimedOut, SILENT))).map(Self)
    }

    /// Sends all bytes.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Fills the whole buffer.
    pub(super) async fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_exact(bytes).await.map(drop)
    }

    /// Reads up to the first newline. The returned line has no newline and no carriage return before it.
    pub(super) async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            match self.0.read_u8().await? {
                b'\n' => break,
                _ if line.len() == LONGEST_LINE => return Err(TOO_MUCH.into()),
                byte => line.push(byte),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}

/// A socket that counts received bytes, encrypted ones if TLS is used.
struct Bounded {
    socket: TcpStream,
    /// The number of bytes that may still arrive.
    room: usize,
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        let length = buffer.filled().len() - before;
        match self.room.checked_sub(length) {
            Some(room) => {
                self.room = room;
                read
            }
            None => Poll::Ready(Err(TOO_MUCH.into())),
        }
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
