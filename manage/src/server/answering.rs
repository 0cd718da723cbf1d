//! The response to a request while it is made: catches panics of handlers, limits their time, adds headers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::routing::future::RouteFuture;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tower_service::Service as _;

use super::exchange::Abort;
use super::failure::Failure;
use super::follow::Unlogged;
use super::handler_time::HandlerTime;
use super::limits::Limits;
use super::page;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::response_body::{ObservedStream, ResponseBody, observe};
use crate::database;
use crate::panics;

/// A boxed future.
pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The response to a request while it is made. It is not a boxed `async` block, which would be allocated for
/// each request.
#[cfg_attr(
    feature = "reload",
    expect(
        clippy::large_enum_variant,
        reason = "nearly every request has the largest one, and needs no allocation"
    )
)]
pub(super) enum Answering {
    Here(Here),
    /// Another process answers, which adds its own headers.
    #[cfg(feature = "reload")]
    Elsewhere(Boxed<Response<ResponseBody>>),
}

/// A response of this process.
pub(super) struct Here {
    pub(super) source: Source,
    /// What the body of the response takes over.
    pub(super) observed: Option<ObservedStream>,
    pub(super) id: RequestId,
    pub(super) is_head: bool,
    pub(super) is_http2: bool,
}

/// Who answers.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every request has the largest one, and needs no allocation"
)]
pub(super) enum Source {
    /// The server itself, at once.
    Server(Option<Response<Body>>),
    /// The server itself, after it has asked the databases.
    Health(Boxed<Response<Body>>),
    /// The routes.
    Routes(Running),
}

/// A handler, or whatever else the routes select.
pub(super) struct Running {
    call: Call,
    time: HandlerTime,
    has_body: bool,
}

/// A call of the routes.
enum Call {
    /// It is made when the response is first polled, since it selects the handler, and that may panic.
    Due(Option<Request<Body>>),
    Made(RouteFuture<Infallible>),
}

impl Future for Answering {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Here(here) => here.poll(cx),
            #[cfg(feature = "reload")]
            Self::Elsewhere(answer) => answer.as_mut().poll(cx),
        }
        .map(Ok)
    }
}

impl Here {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response<ResponseBody>> {
        let Some(observed) = &self.observed else { return Poll::Pending };
        let response = match &mut self.source {
            Source::Server(response) => response.take(),
            Source::Health(response) => Some(ready!(response.as_mut().poll(cx))),
            Source::Routes(running) => Some(ready!(running.poll(cx, observed))),
        };
        match (response, self.observed.take()) {
            (Some(response), Some(observed)) => Poll::Ready(self.finish(response, observed)),
            // It has answered before.
            _ => Poll::Pending,
        }
    }

    fn finish(&self, mut response: Response<Body>, observed: ObservedStream) -> Response<ResponseBody> {
        if let Some(failure) = response.extensions_mut().remove::<Failure>() {
            observed.log.failed(&failure);
        }
        let is_switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        let id = || {
            let mut id = self.id.header_value();
            // Of HTTP/2 it never gets into the table of headers that repeat, where it would displace others.
            id.set_sensitive(self.is_http2);
            id
        };
        headers.entry(X_REQUEST_ID).or_insert_with(id);
        if self.is_http2 {
            // It has no such header.
            headers.remove(CONNECTION);
        } else if observed.server.shared.is_last.load(Ordering::Relaxed) && !is_switching {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        observe(response, observed, self.is_head)
    }
}

impl Call {
    fn poll(&mut self, cx: &mut Context<'_>, routes: &Router) -> Poll<Response<Body>> {
        if let Self::Due(request) = self
            && let Some(request) = request.take()
        {
            *self = Self::Made(routes.clone().call(request));
        }
        match self {
            Self::Made(response) => Pin::new(response).poll(cx).map(|Ok(response)| response),
            // It has panicked.
            Self::Due(_) => Poll::Pending,
        }
    }
}

impl Running {
    pub(super) fn new(request: Request<Body>, has_body: bool, limits: &Limits) -> Self {
        Self { call: Call::Due(Some(request)), time: HandlerTime::new(limits.request_timeout), has_body }
    }

    fn poll(&mut self, cx: &mut Context<'_>, observed: &ObservedStream) -> Poll<Response<Body>> {
        let ObservedStream { log, server } = observed;
        let deadline = self.time.deadline(log);
        let poll = || database::until(deadline, || self.call.poll(cx, &server.shared.routes));
        let response = match panics::call(poll) {
            Ok(Poll::Ready(response)) => response,
            Ok(Poll::Pending) => {
                ready!(self.time.poll_used_up(cx, log));
                log.note(format!("the handler did not respond within {} s", self.time.limit_in_seconds()));
                return Poll::Ready(page::text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n"));
            }
            Err(panic) => {
                log.panicked(&panic);
                return Poll::Ready(page::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n"));
            }
        };
        if response.extensions().get::<Unlogged>().is_some() {
            log.silence();
        }
        // The client is at fault, regardless of what the handler did with the incomplete body.
        let aborted = if self.has_body { log.aborted() } else { None };
        Poll::Ready(match aborted {
            Some(Abort::SlowSender) => page::last_text(StatusCode::REQUEST_TIMEOUT, "Request Timeout\n"),
            Some(Abort::TooLarge) => too_large(),
            _ => response,
        })
    }
}

pub(super) fn too_large() -> Response<Body> {
    page::last_text(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large\n")
}
