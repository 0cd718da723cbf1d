//! The stream of a session: the driver logs in on it, and this crate takes it over after that.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::database::network::AsyncStream;

/// A stream that is lent to the driver. Once it is taken back, the driver sees a closed connection.
pub(super) struct Lent<S>(Arc<Mutex<Option<S>>>);

/// What takes a lent stream back.
pub(super) trait Lender: Send + Sync {
    fn take_back(&self) -> Option<Box<dyn AsyncStream>>;
}

impl<S: AsyncStream + 'static> Lender for Mutex<Option<S>> {
    fn take_back(&self) -> Option<Box<dyn AsyncStream>> {
        let stream = self.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Box::new(stream))
    }
}

impl<S: AsyncStream + 'static> Lent<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    pub(super) fn lender(&self) -> Arc<dyn Lender> {
        Arc::clone(&self.0) as _
    }

    fn with<T>(&self, work: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(stream) => work(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<S: AsyncStream + TlsStream + 'static> TlsStream for Lent<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.as_ref().map_or_else(ChannelBinding::none, TlsStream::channel_binding)
    }
}

impl<S: AsyncStream + 'static> AsyncRead for Lent<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, buffer))
    }
}

impl<S: AsyncStream + 'static> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buffer))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}
