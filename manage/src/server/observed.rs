//! The layer between a connection and the apps' routes: says who the client is, rejects unknown hosts, answers
//! health checks, and follows each request.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::body::Body;
use hyper::body::{Body as _, Incoming};
#[cfg(feature = "reload")]
use hyper::client::conn::http1::SendRequest;
#[cfg(feature = "reload")]
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode, Version};

use super::access_log::ConnectionLog;
use super::answering::{Answering, Here, Running, Source, too_large};
use super::draining::Draining;
use super::exchange::Abort;
#[cfg(feature = "reload")]
use super::forward::{self, Successor};
use super::health::Health;
use super::host::AllowedHosts;
use super::limits::Limits;
use super::page;
use super::proxies::TrustedProxies;
use super::request_body::RequestBody;
use super::request_info::RequestInfo;
#[cfg(feature = "reload")]
use super::response_body::observe;
use super::response_body::{ObservedStream, ResponseBody};

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) routes: Router,
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

/// The server, for one connection. Its requests count references to this, not to what all connections share:
/// the processors would wait for each other.
pub(super) struct ConnectionServer {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: IpAddr,
}

/// The apps' routes for one connection.
#[derive(Clone)]
pub(super) struct Observed {
    pub(super) server: Arc<ConnectionServer>,
    pub(super) log: ConnectionLog,
}

impl Service<Request<Incoming>> for Observed {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        #[cfg(feature = "reload")]
        if let Some(address) = self.server.shared.successor.of(&request) {
            let this = self.clone();
            this.log.forwards();
            return Answering::Elsewhere(Box::pin(async move {
                match forward::connect(address).await {
                    // It is logged there.
                    Ok(sender) => this.forwarded(sender, request).await,
                    Err(_) => match this.answer(request).await {
                        Ok(response) => response,
                        Err(never) => match never {},
                    },
                }
            }));
        }
        self.answer(request)
    }
}

impl Observed {
    fn answer(&self, mut request: Request<Incoming>) -> Answering {
        let server = Arc::clone(&self.server);
        let info = RequestInfo::of(&mut request, server.peer, &server.shared.proxies);
        let is_http2 = request.version() == Version::HTTP_2;
        let log = if is_http2 { self.log.stream() } else { self.log.clone() };
        // Not when the response is first polled: that never happens if the client has disconnected.
        log.begin(&request, &info);
        let (id, is_head) = (info.request_id().clone(), request.method() == Method::HEAD);
        let source = server.shared.source(request, info, &log);
        Answering::Here(Here {
            source,
            observed: Some(ObservedStream { log, server }),
            id,
            is_head,
            is_http2,
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
        let observed = ObservedStream { log: self.log.clone(), server: Arc::clone(&self.server) };
        observe(response, observed, is_head)
    }
}

impl Shared {
    /// Selects who answers a request.
    fn source(
        self: &Arc<Self>,
        request: Request<Incoming>,
        info: RequestInfo,
        log: &ConnectionLog,
    ) -> Source {
        if self.health.has(request.uri().path()) {
            log.silence();
            let server = Arc::clone(self);
            return Source::Health(Box::pin(async move { server.health.answer(&request).await }));
        }
        if let Err(error) = self.hosts.check(&request, info.forwarded_host()) {
            log.note(error.note());
            return Source::Server(Some(page::last_text(StatusCode::BAD_REQUEST, error.page())));
        }
        if request.body().size_hint().lower() > self.limits.max_body_bytes {
            log.abort(Abort::TooLarge);
            return Source::Server(Some(too_large()));
        }
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(info);
        let has_body = !body.is_end_stream();
        let body = if has_body { RequestBody::limited(body, &self.limits, log) } else { Body::empty() };
        let request = Request::from_parts(parts, body);
        Source::Routes(Running::new(request, has_body, &self.limits))
    }
}
