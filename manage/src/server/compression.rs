//! Compressed responses, with the feature `compression`.

use axum::Router;

/// Compresses responses for clients that accept it: gzip or Brotli, and only what gets smaller. A response
/// with a `Content-Encoding`, an image or a stream of events is not changed.
#[cfg(feature = "compression")]
pub(crate) fn compressed(routes: Router) -> Router {
    routes.layer(tower_http::compression::CompressionLayer::new())
}

#[cfg(not(feature = "compression"))]
pub(crate) fn compressed(routes: Router) -> Router {
    routes
}
