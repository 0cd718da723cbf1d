//! The response to a request while it is made: catches panics of handlers, limits their time, adds headers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::routing::future::RouteFuture;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Response, StatusCode};

use super::access_log::{Abort, ConnectionLog};
use super::failure::Failure;
use super::follow::Unlogged;
use super::handler_time::HandlerTime;
use super::page;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::response_body::{ObservedStream, ResponseBody, observe};
use crate::database;
use crate::panics::{self, Panic};

/// A boxed future.
pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The response to a request while it is made. It is not a boxed `async` block, which would be allocated for
/// each request.
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
pub(super) enum Source {
    /// The server itself, at once.
    Server(Option<Response<Body>>),
    /// The server itself, after it has asked the databases.
    Health(Boxed<Response<Body>>),
    /// The routes.
    Routes(Running),
}

/// A handler, or whatever else the routes have selected.
pub(super) struct Running {
    pub(super) future: RouteFuture<Infallible>,
    pub(super) time: HandlerTime,
    pub(super) has_body: bool,
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
            Source::Routes(running) => Some(ready!(running.poll(cx, &observed.log))),
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
        headers.entry(X_REQUEST_ID).or_insert_with(|| self.id.header_value());
        if self.is_http2 {
            // It has no such header.
            headers.remove(CONNECTION);
        } else if observed.server.is_last.load(Ordering::Relaxed) && !is_switching {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        observe(response, observed, self.is_head)
    }
}

impl Running {
    fn poll(&mut self, cx: &mut Context<'_>, log: &ConnectionLog) -> Poll<Response<Body>> {
        let Self { future, time, has_body } = self;
        let deadline = time.deadline(log);
        let polled = panics::call(|| database::until(deadline, || Pin::new(future).poll(cx)));
        let response = match polled {
            Ok(Poll::Ready(Ok(response))) => response,
            Ok(Poll::Pending) => {
                ready!(time.poll_used_up(cx, log));
                log.note(format!("the handler did not respond within {} s", time.limit_in_seconds()));
                return Poll::Ready(page::text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n"));
            }
            Err(panic) => return Poll::Ready(panicked(&panic, log)),
        };
        if response.extensions().get::<Unlogged>().is_some() {
            log.silence();
        }
        // The client is at fault, regardless of what the handler did with the incomplete body.
        let aborted = if *has_body { log.aborted() } else { None };
        Poll::Ready(match aborted {
            Some(Abort::SlowSender) => page::last_text(StatusCode::REQUEST_TIMEOUT, "Request Timeout\n"),
            Some(Abort::TooLarge) => too_large(),
            _ => response,
        })
    }
}

/// Logs a panic of a handler, and returns the response.
pub(super) fn panicked(panic: &Panic, log: &ConnectionLog) -> Response<Body> {
    log.panicked(panic);
    page::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n")
}

pub(super) fn too_large() -> Response<Body> {
    page::last_text(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large\n")
}
