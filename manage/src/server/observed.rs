//! The layer between a connection and the apps' routes: it rejects unknown hosts, logs each request and its
//! response, catches panics, limits the time of handlers, and disconnects slow clients.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
#[cfg(feature = "reload")]
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::service::TowerToHyperService;

use super::accept::Slot;
use super::access_log::{Abort, ConnectionLog};
use super::client_timeout::ClientTimeout;
use super::draining::Draining;
use super::failure::Failure;
use super::follow::Unlogged;
#[cfg(feature = "reload")]
use super::forward::{self, Successor};
use super::handler_time::HandlerTime;
use super::health::Health;
use super::host::AllowedHosts;
use super::limits::Limits;
use super::page;
use super::proxies::TrustedProxies;
use super::request_info::{RequestInfo, X_REQUEST_ID};
use super::stream_timeout;
use crate::database;
use crate::panics::{self, Panic};

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) routes: TowerToHyperService<Router>,
    pub(super) hosts: AllowedHosts,
    pub(super) proxies: TrustedProxies,
    pub(super) limits: Limits,
    /// Whether each response is the last one of its connection.
    pub(super) is_last: Arc<AtomicBool>,
    pub(super) health: Health,
    pub(super) draining: Draining,
    #[cfg(feature = "reload")]
    pub(super) successor: Successor,
}

/// The apps' routes for one connection.
#[derive(Clone)]
pub(super) struct Observed {
    pub(super) shared: Arc<Shared>,
    pub(super) log: ConnectionLog,
    pub(super) peer: IpAddr,
}

impl Service<Request<Incoming>> for Observed {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        #[cfg(feature = "reload")]
        if let Some(address) = self.shared.successor.of(&request) {
            let this = self.clone();
            this.log.forwards();
            return Box::pin(async move {
                match forward::connect(address).await {
                    // It is logged there.
                    Ok(sender) => Ok(this.forwarded(sender, request).await),
                    Err(_) => this.answer(request).await,
                }
            });
        }
        self.answer(request)
    }
}

impl Observed {
    fn answer(&self, mut request: Request<Incoming>) -> <Self as Service<Request<Incoming>>>::Future {
        let shared = Arc::clone(&self.shared);
        let info = RequestInfo::of(&mut request, self.peer, &shared.proxies);
        let is_http2 = request.version() == Version::HTTP_2;
        let log = if is_http2 { self.log.stream() } else { self.log.clone() };
        // Not inside the future, which is dropped without being polled if the client has disconnected.
        log.begin(&request, &info);
        let observed = ObservedStream { log: log.clone(), draining: shared.draining.clone() };
        Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            let id = info.header().clone();
            let mut response = shared.answer(request, info, &log).await;
            if let Some(failure) = response.extensions_mut().remove::<Failure>() {
                log.failed(&failure);
            }
            let headers = response.headers_mut();
            headers.entry(X_REQUEST_ID).or_insert(id);
            if is_http2 {
                // It has no such header.
                headers.remove(CONNECTION);
            } else if shared.is_last.load(Ordering::Relaxed)
                && response.status() != StatusCode::SWITCHING_PROTOCOLS
            {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(observe(response, observed, is_head))
        })
    }

    /// Returns the response of the process that has taken over.
    #[cfg(feature = "reload")]
    async fn forwarded(
        &self,
        sender: SendRequest<Body>,
        request: Request<Incoming>,
    ) -> Response<ResponseBody> {
        let is_head = request.method() == Method::HEAD;
        let mut response = match forward::forward(sender, request).await {
            Ok(response) => response,
            Err(error) => {
                self.log.note(format!("the process that has taken over did not respond: {error}"));
                page::text(StatusCode::BAD_GATEWAY, "Bad Gateway\n")
            }
        };
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        let observed = ObservedStream { log: self.log.clone(), draining: self.shared.draining.clone() };
        observe(response, observed, is_head)
    }
}

impl Shared {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        info: RequestInfo,
        log: &ConnectionLog,
    ) -> Response<Body> {
        if self.health.has(request.uri().path()) {
            log.silence();
            return self.health.answer(&request).await;
        }
        if let Err(error) = self.hosts.check(&request, info.forwarded_host()) {
            log.note(error.note());
            return page::last_text(StatusCode::BAD_REQUEST, error.page());
        }
        let max_bytes = self.limits.max_body_bytes;
        if request.body().size_hint().lower() > max_bytes {
            log.abort(Abort::TooLarge);
            return page::last_text(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE);
        }
        request.extensions_mut().insert(info);
        let patience = ClientTimeout::new(self.limits.client_timeout);
        let request = request.map(|body| RequestBody { body, log: log.clone(), patience, left: max_bytes });
        // The routes select their handler when they are called, which may also panic.
        let mut answer = pin!(async { self.routes.call(request).await });
        let mut time = HandlerTime::new(self.limits.request_timeout);
        let answered = poll_fn(|cx| {
            let deadline = time.deadline(log);
            match panics::call(|| database::until(deadline, || answer.as_mut().poll(cx))) {
                Ok(Poll::Pending) => time.poll_used_up(cx, log).map(|()| Answer::Late),
                Ok(Poll::Ready(Ok(response))) => Poll::Ready(Answer::Response(response)),
                Err(panic) => Poll::Ready(Answer::Panic(panic)),
            }
        });
        match answered.await {
            // The client is at fault, regardless of what the handler did with the incomplete body.
            Answer::Response(_) if log.aborted() == Some(Abort::SlowSender) => {
                page::last_text(StatusCode::REQUEST_TIMEOUT, "Request Timeout\n")
            }
            Answer::Response(_) if log.aborted() == Some(Abort::TooLarge) => {
                page::last_text(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE)
            }
            Answer::Response(response) => {
                if response.extensions().get::<Unlogged>().is_some() {
                    log.silence();
                }
                response
            }
            Answer::Panic(panic) => {
                log.panicked(&panic);
                page::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
            }
            Answer::Late => {
                log.note(format!("the handler did not respond within {} s", time.limit_in_seconds()));
                page::text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n")
            }
        }
    }
}

const TOO_LARGE: &str = "Payload Too Large\n";

/// What became of a handler.
enum Answer {
    Response(Response<Body>),
    Panic(Panic),
    /// It did not respond in time.
    Late,
}

/// A stream of HTTP/2, or a request of a connection. When it is dropped early, the stream is logged.
struct ObservedStream {
    log: ConnectionLog,
    draining: Draining,
}

impl Drop for ObservedStream {
    fn drop(&mut self) {
        // The end of a connection is reported where it is served.
        if self.log.is_stream() {
            let is_cut_off = self.draining.is_cut_off();
            self.log.ended(if is_cut_off { Abort::Stopped } else { Abort::ClientClosed });
        }
    }
}

fn observe(response: Response<Body>, observed: ObservedStream, is_head: bool) -> Response<ResponseBody> {
    let status = response.status();
    let named = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = response.body();
    // A body is not read if the response must not have one.
    let no_body = is_head
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || body.is_end_stream();
    let left = named.or_else(|| body.size_hint().exact());
    observed.log.answered(status, no_body);
    response.map(|body| ResponseBody { body, observed, left })
}

/// The body of a request.
struct RequestBody {
    body: Incoming,
    log: ConnectionLog,
    patience: ClientTimeout,
    /// How many bytes may still come.
    left: u64,
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
            this.log.awaits_body(true);
            ready!(this.patience.poll_used_up(cx));
            this.log.abort(Abort::SlowSender);
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        };
        this.log.awaits_body(false);
        match &frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                this.patience.progressed(length);
                let Some(left) = this.left.checked_sub(length as u64) else {
                    this.log.abort(Abort::TooLarge);
                    return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::FileTooLarge).into())));
                };
                this.left = left;
            }
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
    observed: ObservedStream,
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
            Ok(Poll::Pending) => {
                stream_timeout::answered(false);
                return Poll::Pending;
            }
            Ok(Poll::Ready(frame)) => frame,
            Err(panic) => {
                this.observed.log.panicked(&panic);
                this.observed.log.abort(Abort::BodyFailed);
                // The connection is closed, so that the client does not mistake a partial body for a complete
                // one.
                return Poll::Ready(Some(Err(panic.message.into())));
            }
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                this.left = this.left.map(|left| left.saturating_sub(length));
                stream_timeout::answered(true);
                this.observed.log.sent(length, this.left == Some(0) || this.body.is_end_stream());
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                this.observed.log.body_failed(&error);
                this.observed.log.abort(Abort::BodyFailed);
                Some(Err(error.into()))
            }
            None => {
                this.observed.log.sent(0, true);
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
