//! Negotiates encryption on a stream to a PostgreSQL server, and observes its bytes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::handover::{Lender, Lent};
use super::wire::{WatchedStream, Wire};

/// Requests encryption from the server if the settings want it, and observes the bytes that are sent and
/// received.
///
/// To the driver it is a TLS connector that begins at once, so every byte of the protocol passes through it,
/// encrypted or not.
#[derive(Clone)]
pub(super) struct Negotiation {
    /// `None` for an unencrypted connection.
    pub(super) tls: Option<MakeRustlsConnect>,
    /// Whether a server without encryption is an error.
    pub(super) is_required: bool,
    /// Whether the server agreed to encryption.
    pub(super) is_encrypted: Arc<AtomicBool>,
    /// Whether to refuse a clear-text password on an unencrypted connection.
    pub(super) keeps_clear_text: bool,
    pub(super) wire: Wire,
    /// Set by the negotiation to what takes the stream back from the driver.
    pub(super) lender: Arc<OnceLock<Arc<dyn Lender>>>,
}

/// The negotiation with one host.
pub(super) struct HostNegotiation<S: Transport> {
    tls: Option<<MakeRustlsConnect as MakeTlsConnect<Fair<S>>>::TlsConnect>,
    is_required: bool,
    is_encrypted: Arc<AtomicBool>,
    keeps_clear_text: bool,
    wire: Wire,
    lender: Arc<OnceLock<Arc<dyn Lender>>>,
}

/// The error of a server without encryption if encryption is required.
#[derive(Debug)]
pub(super) struct NotOffered;

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("server does not support TLS")
    }
}

impl std::error::Error for NotOffered {}

/// A stream to a server.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for S {}

impl Negotiation {
    /// Returns the negotiation with a host, whose certificate must have this name.
    pub(super) fn with_host<S: Transport>(&self, host: &str) -> HostNegotiation<S> {
        let connect = |tls: &MakeRustlsConnect| {
            let Ok(tls) = MakeTlsConnect::<Fair<S>>::make_tls_connect(&mut tls.clone(), host);
            tls
        };
        HostNegotiation {
            tls: self.tls.as_ref().map(connect),
            is_required: self.is_required,
            is_encrypted: Arc::clone(&self.is_encrypted),
            keeps_clear_text: self.keeps_clear_text,
            wire: self.wire.clone(),
            lender: Arc::clone(&self.lender),
        }
    }
}

impl MakeTlsConnect<Socket> for Negotiation {
    type Stream = Lent<WatchedStream<Negotiated<Socket>>>;
    type TlsConnect = HostNegotiation<Socket>;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<HostNegotiation<Socket>> {
        Ok(self.with_host(host))
    }
}

impl<S: Transport> TlsConnect<S> for HostNegotiation<S> {
    type Stream = Lent<WatchedStream<Negotiated<S>>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, socket: S) -> Self::Future {
        Box::pin(async move {
            let (wire, keeps_clear_text) = (self.wire.clone(), self.keeps_clear_text);
            let lender = Arc::clone(&self.lender);
            let stream = self.negotiate(Fair::new(socket)).await?;
            if keeps_clear_text && matches!(stream, Negotiated::Plain(_)) {
                wire.refuse_clear_text();
            }
            let stream = Lent::new(WatchedStream::new(stream, wire));
            let _ = lender.set(stream.lender());
            Ok(stream)
        })
    }
}

impl<S: Transport> HostNegotiation<S> {
    /// SSLRequest: its length, and its code in place of a protocol version.
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

    /// Requests encryption of a new stream.
    pub(super) async fn negotiate(self, mut socket: Fair<S>) -> io::Result<Negotiated<S>> {
        let Some(tls) = self.tls else { return Ok(Negotiated::Plain(socket)) };
        socket.write_all(&Self::REQUEST).await?;
        // Reads only the one-byte answer: everything after it must be encrypted.
        if socket.read_u8().await? == b'S' {
            self.is_encrypted.store(true, Ordering::Relaxed);
            return Ok(Negotiated::Encrypted(Box::new(tls.connect(socket).await?)));
        }
        if self.is_required { Err(io::Error::other(NotOffered)) } else { Ok(Negotiated::Plain(socket)) }
    }
}

/// The stream that the negotiation resulted in.
pub(super) enum Negotiated<S: Transport> {
    Plain(Fair<S>),
    Encrypted(Box<<MakeRustlsConnect as MakeTlsConnect<Fair<S>>>::Stream>),
}

impl<S: Transport> TlsStream for WatchedStream<Negotiated<S>> {
    fn channel_binding(&self) -> ChannelBinding {
        match self.get_ref() {
            Negotiated::Plain(_) => ChannelBinding::none(),
            Negotiated::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

impl<S: Transport> AsyncRead for Negotiated<S> {
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

impl<S: Transport> AsyncWrite for Negotiated<S> {
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

/// A stream that yields to other tasks even if data arrives without pause: a future that never waits would
/// never notice that its time limit has passed.
pub(super) struct Fair<S> {
    stream: S,
    /// The number of reads since it last waited.
    reads: u32,
}

impl<S> Fair<S> {
    const MOST_READS: u32 = 64;

    pub(super) fn new(stream: S) -> Self {
        Self { stream, reads: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Fair<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.reads >= Self::MOST_READS {
            this.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.reads = if polled.is_ready() { this.reads + 1 } else { 0 };
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Fair<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
