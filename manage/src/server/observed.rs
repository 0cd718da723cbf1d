//! The layer between a connection and the apps' routes: it rejects unknown hosts, logs each request and its
//! response, catches panics, and disconnects slow clients.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;

use super::accept::Slot;
use super::access_log::{Abort, ConnectionLog};
use super::client_timeout::ClientTimeout;
use super::host::AllowedHosts;
use super::page;
use crate::panics;

/// The apps' routes for one connection.
#[derive(Clone)]
pub(super) struct Observed {
    pub(super) routes: TowerToHyperService<Router>,
    pub(super) log: ConnectionLog,
    pub(super) hosts: Arc<AllowedHosts>,
    /// Whether all connections are in use, so that none is kept alive.
    pub(super) is_full: Arc<AtomicBool>,
    /// How long a client may keep the server waiting for the body of its request.
    pub(super) client_timeout: Duration,
}

impl Service<Request<Incoming>> for Observed {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let Self { routes, log, hosts, is_full, client_timeout } = self.clone();
        // Not inside the future, which is dropped without being polled if the client has disconnected.
        log.begin(&request);
        Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            if let Err(error) = hosts.check(&request) {
                log.note(error.note());
                return Ok(observe(page::last_text(StatusCode::BAD_REQUEST, error.page()), log, is_head));
            }
            let patience = ClientTimeout::new(client_timeout);
            let request = request.map(|body| RequestBody { body, log: log.clone(), patience });
            // The routes select their handler when they are called, which may also panic.
            let mut answer = pin!(async { routes.call(request).await });
            let answered = poll_fn(|cx| match panics::call(|| answer.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
                Err(panic) => Poll::Ready(Err(panic)),
            });
            let mut response = match answered.await {
                // The client is too slow, regardless of what the handler did with the incomplete body.
                Ok(Ok(_)) if log.is_slow_sender() => {
                    page::last_text(StatusCode::REQUEST_TIMEOUT, "Request Timeout\n")
                }
                Ok(Ok(response)) => response,
                // The response after a panic.
                Err(panic) => {
                    log.panicked(&panic);
                    page::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
                }
            };
            if is_full.load(Ordering::Relaxed) && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(observe(response, log, is_head))
        })
    }
}

fn observe(response: Response<Body>, log: ConnectionLog, is_head: bool) -> Response<ResponseBody> {
    let status = response.status();
    let named = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = response.body();
    // A body is not read if the response must not have one.
    let no_body = is_head
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || body.is_end_stream();
    let left = named.or_else(|| body.size_hint().exact());
    log.answered(status, no_body);
    response.map(|body| ResponseBody { body, log, left })
}

/// The body of a request.
struct RequestBody {
    body: Incoming,
    log: ConnectionLog,
    patience: ClientTimeout,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            ready!(this.patience.poll_used_up(cx));
            this.log.abort(Abort::SlowSender);
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        };
        match &frame {
            Some(Ok(frame)) => this.patience.progressed(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(error)) if is_closed(error) => this.log.abort(Abort::ClientClosed),
            _ => {}
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns whether a body ended because its connection did, not because it is invalid.
fn is_closed(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause
        .is_none_or(|cause| !matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}

/// The body of a response.
pub(super) struct ResponseBody {
    body: Body,
    log: ConnectionLog,
    /// The number of remaining bytes, if known: the connection reads no more than these.
    left: Option<u64>,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = panics::call(|| Pin::new(&mut this.body).poll_frame(cx));
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                this.log.panicked(&panic);
                this.log.abort(Abort::BodyFailed);
                // The connection is closed, so that the client does not mistake a partial body for a complete
                // one.
                return Poll::Ready(Some(Err(panic.message.into())));
            }
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                this.left = this.left.map(|left| left.saturating_sub(length));
                this.log.sent(length, this.left == Some(0) || this.body.is_end_stream());
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                this.log.body_failed(&error);
                this.log.abort(Abort::BodyFailed);
                Some(Err(error.into()))
            }
            None => {
                this.log.sent(0, true);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection's socket, which records when a response was passed to the operating system, and whether the
/// client reads it.
pub(super) struct ObservedIo<I> {
    io: I,
    log: ConnectionLog,
    patience: ClientTimeout,
    /// An upgraded connection also holds it; such a connection outlives its request.
    _slot: Slot,
}

impl<I> ObservedIo<I> {
    pub(super) fn new(io: I, log: ConnectionLog, client_timeout: Duration, slot: Slot) -> Self {
        Self { io, log, patience: ClientTimeout::new(client_timeout), _slot: slot }
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
            Ok(bytes) => self.patience.progressed(*bytes),
            // The kernel also has such a time limit.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => self.log.abort(Abort::SlowReader),
            Err(_) => {}
        }
        Poll::Ready(written)
    }
}

impl<I: Read + Unpin> Read for ObservedIo<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
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
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
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
