//! The methods that a route has handlers for.
//!
//! axum does not list them either, so copies of the route are asked, in which every handler is replaced by an
//! answer: none of the project's code runs.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::MethodRouter;
use hyper::Request;
use serde::Serialize;

use super::ask::ask;

/// The answers, by their status.
const HANDLER: StatusCode = StatusCode::OK;
const NO_HANDLER: StatusCode = StatusCode::METHOD_NOT_ALLOWED;

/// The methods of axum's `MethodFilter`.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

/// The methods of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Methods(Vec<&'static str>);

impl Methods {
    /// All methods.
    pub(super) fn any() -> Self {
        Self(vec!["ANY"])
    }

    /// Those of what can only be read.
    pub(super) fn get() -> Self {
        Self(vec!["GET", "HEAD"])
    }

    pub(super) fn unknown() -> Self {
        Self(Vec::new())
    }

    pub(super) fn of(route: &MethodRouter) -> Self {
        // The layer replaces all handlers, and the fallback of `any` and `MethodRouter::fallback`. Only axum's
        // default fallback is then replaced again by `method_not_allowed_fallback`.
        let route = route.clone().layer(from_fn(async |_: Request<Body>, _: Next| HANDLER));
        let router = Router::new().route("/", route.clone()).method_not_allowed_fallback(async || NO_HANDLER);
        let has_fallback = Method::from_bytes(b"MANAGE").is_ok_and(|method| answers(&router, method));
        if has_fallback {
            return Self::any();
        }
        let names = METHODS.into_iter().filter(|method| answers(&router, method.clone()));
        Self(names.map(name).collect())
    }

    /// Returns the names: `ANY` for a route of all methods, none if they are not known.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.0
    }
}

fn answers(router: &Router, method: Method) -> bool {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    ask(router, request).is_some_and(|response| response.status() == HANDLER)
}

fn name(method: Method) -> &'static str {
    match method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        _ => "CONNECT",
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{MethodFilter, any, delete, get, on, post};

    use super::*;

    async fn handler() -> &'static str {
        panic!("a handler was called")
    }

    #[test]
    fn methods_are_known_without_calling_a_handler() {
        let of = |route: MethodRouter| Methods::of(&route).0;
        assert_eq!(of(get(handler)), ["GET", "HEAD"]);
        assert_eq!(of(post(handler)), ["POST"]);
        assert_eq!(of(get(handler).post(handler).merge(delete(handler))), ["GET", "HEAD", "POST", "DELETE"]);
        assert_eq!(of(on(MethodFilter::OPTIONS.or(MethodFilter::TRACE), handler)), ["OPTIONS", "TRACE"]);
        assert_eq!(of(any(handler)), ["ANY"]);
        assert_eq!(of(any(handler).get(handler)), ["ANY"]);
        assert_eq!(of(get(handler).fallback(handler)), ["ANY"]);
        assert_eq!(of(MethodRouter::new()), [] as [&str; 0]);
        assert_eq!(
            of(get(handler).layer(from_fn(async |_: Request<Body>, _: Next| StatusCode::IM_A_TEAPOT))),
            ["GET", "HEAD"]
        );
    }
}
