//! What is between a connection and the apps' routes: it notes how each request and its answer go on, and catches panics.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;

use super::access_log::{Abort, ConnectionLog};
use crate::caught;

/// The apps' routes for one connection.
#[derive(Clone)]
pub(super) struct Observed {
    pub(super) routes: TowerToHyperService<Router>,
    pub(super) log: ConnectionLog,
}

impl Service<Request<Incoming>> for Observed {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let Self { routes, log } = self.clone();
        // Not in the future, which is dropped without a poll when the client has left by now.
        log.begin(&request);
        Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            let request = request.map(|body| RequestBody { body, log: log.clone() });
            // The routes choose their handler when they are called, so that belongs to what may panic.
            let mut answer = pin!(async { routes.call(request).await });
            let answered = poll_fn(|cx| match caught::call(|| answer.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
                Err(panic) => Poll::Ready(Err(panic)),
            });
            let response = match answered.await {
                Ok(Ok(response)) => response,
                Err(panic) => {
                    log.panicked(&panic);
                    internal_server_error()
                }
            };
            Ok(observe(response, log, is_head))
        })
    }
}

/// What a visitor sees of a panic.
fn internal_server_error() -> Response<Body> {
    let mut response = Response::new(Body::from("Internal Server Error\n"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn observe(response: Response<Body>, log: ConnectionLog, is_head: bool) -> Response<ResponseBody> {
    let status = response.status();
    let named = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = response.body();
    // No body is read of an answer that may have none.
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
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Err(error)) = &frame
            && is_closed(error)
        {
            self.log.abort(Abort::ClientClosed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether a body ended because its connection did, and not because it is wrong.
fn is_closed(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause
        .is_none_or(|cause| !matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}

/// The body of a response.
pub(super) struct ResponseBody {
    body: Body,
    log: ConnectionLog,
    /// How many bytes are to come, where that is known: the connection asks for no more.
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
        let polled = caught::call(|| Pin::new(&mut this.body).poll_frame(cx));
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                this.log.panicked(&panic);
                this.log.abort(Abort::BodyFailed);
                // The connection is closed, so that the client does not take the part for the whole.
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

/// A connection's socket, which knows when all of an answer is with the operating system.
pub(super) struct ObservedIo<I> {
    pub(super) io: I,
    pub(super) log: ConnectionLog,
}

impl<I: Read + Unpin> Read for ObservedIo<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: Write + Unpin> Write for ObservedIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
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
