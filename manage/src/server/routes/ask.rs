//! Asks a router without a connection, for questions that axum answers by routing alone.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::{Request, Uri};
use tower_service::Service;

/// Returns the response, if it needs no waiting.
pub(super) fn ask(router: &Router, request: Request<Body>) -> Option<Response> {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(router.clone().call(request)).poll(&mut cx) {
        Poll::Ready(Ok(response)) => Some(response),
        Poll::Pending => None,
    }
}

/// The pattern of a route, in an answer of [`claim`].
#[derive(Clone)]
struct Claim(String);

/// Returns the pattern of the route that has this path, which is empty for a nested fallback; `None` if the
/// path has neither. No handler is called.
pub(super) fn claim(router: &Router, path: &str) -> Option<String> {
    let answer = from_fn(async |request: Request<Body>, _: Next| {
        let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(Claim(matched.unwrap_or_default()));
        response
    });
    let router = router.clone().layer(answer).fallback(async || StatusCode::NOT_FOUND);
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse::<Uri>().ok()?;
    Some(ask(&router, request)?.extensions().get::<Claim>()?.0.clone())
}

/// Returns a path that a pattern matches: `/articles/x` for `/articles/{slug}`.
pub(super) fn example(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(rest) if !rest.starts_with('{') => "x".to_owned(),
        _ => segment.replace("{{", "{").replace("}}", "}"),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

    async fn handler() -> &'static str {
        panic!("a handler was called")
    }

    #[test]
    fn a_path_has_a_route_or_none() {
        let nested = Router::new().route("/{id}", get(handler)).fallback(handler);
        let router = Router::new()
            .route("/soups/{name}", get(handler))
            .nest("/orders", nested)
            .layer(from_fn(async |_: Request<Body>, _: Next| StatusCode::IM_A_TEAPOT))
            .fallback(handler);
        let claimed = |path: &str| claim(&router, path);
        assert_eq!(claimed("/soups/lentil").as_deref(), Some("/soups/{name}"));
        assert_eq!(claimed("/orders/7").as_deref(), Some("/orders/{id}"));
        assert_eq!(claimed("/orders/7/8").as_deref(), Some(""));
        assert_eq!(claimed("/soups"), None);
        assert_eq!(claimed("/healthz"), None);
        assert_eq!(claim(&Router::new().fallback(handler), "/healthz"), None);
    }

    #[test]
    fn examples_match_their_patterns() {
        for (pattern, expected) in [
            ("/", "/"),
            ("/soups/{name}/", "/soups/x/"),
            ("/files/{*rest}", "/files/x"),
            ("/{{literal}}", "/{literal}"),
        ] {
            assert_eq!(example(pattern), expected);
        }
    }
}
