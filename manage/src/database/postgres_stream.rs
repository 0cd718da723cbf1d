//! How a stream to a PostgreSQL server begins: with encryption or without, and read along.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::postgres_wire::{WatchedStream, Wire};

/// Asks the server for encryption where that is wanted, and reads along what is sent and received.
///
/// For the driver it is a TLS connector that begins at once, so that every byte of the protocol goes through it, encrypted or not.
#[derive(Clone)]
pub(super) struct Negotiation {
    /// None for a connection that is not to be encrypted.
    pub(super) tls: Option<MakeRustlsConnect>,
    /// Whether a server that offers no encryption is refused.
    pub(super) is_required: bool,
    /// Whether the server agreed to encryption.
    pub(super) is_encrypted: Arc<AtomicBool>,
    pub(super) wire: Wire,
}

/// A negotiation with one host.
pub(super) struct HostNegotiation {
    tls: Option<<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect>,
    is_required: bool,
    is_encrypted: Arc<AtomicBool>,
    wire: Wire,
}

/// The server offers no encryption, and it is required.
#[derive(Debug)]
pub(super) struct NotOffered;

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("server does not support TLS")
    }
}

impl std::error::Error for NotOffered {}

impl MakeTlsConnect<Socket> for Negotiation {
    type Stream = WatchedStream<Negotiated>;
    type TlsConnect = HostNegotiation;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<HostNegotiation> {
        let connect = |tls: &mut MakeRustlsConnect| MakeTlsConnect::<Socket>::make_tls_connect(tls, host);
        let tls = self.tls.as_mut().map(connect).transpose().map_err(io::Error::other)?;
        let is_encrypted = Arc::clone(&self.is_encrypted);
        Ok(HostNegotiation { tls, is_required: self.is_required, is_encrypted, wire: self.wire.clone() })
    }
}

impl TlsConnect<Socket> for HostNegotiation {
    type Stream = WatchedStream<Negotiated>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let wire = self.wire.clone();
            Ok(WatchedStream::new(self.negotiate(socket).await?, wire))
        })
    }
}

impl HostNegotiation {
    /// SSLRequest: its length, and its code in place of a protocol version.
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

    async fn negotiate(self, mut socket: Socket) -> io::Result<Negotiated> {
        let Some(tls) = self.tls else { return Ok(Negotiated::Plain(socket)) };
        socket.write_all(&Self::REQUEST).await?;
        // No more than the answer is read: what follows must come encrypted.
        if socket.read_u8().await? == b'S' {
            self.is_encrypted.store(true, Ordering::Relaxed);
            return Ok(Negotiated::Encrypted(Box::new(tls.connect(socket).await?)));
        }
        if self.is_required { Err(io::Error::other(NotOffered)) } else { Ok(Negotiated::Plain(socket)) }
    }
}

/// The stream that the negotiation resulted in.
pub(super) enum Negotiated {
    Plain(Socket),
    Encrypted(Box<<MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>),
}

impl TlsStream for WatchedStream<Negotiated> {
    fn channel_binding(&self) -> ChannelBinding {
        match self.get_ref() {
            Negotiated::Plain(_) => ChannelBinding::none(),
            Negotiated::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

impl AsyncRead for Negotiated {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Negotiated {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(cx, buffer),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
