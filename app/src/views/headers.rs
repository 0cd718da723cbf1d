//! What browsers may do with the blog's answers.

use manage::axum::http::{HeaderName, HeaderValue, header};
use manage::axum::response::Response;

/// No scripts, frames, forms or fonts, whatever an article contains; pictures from anywhere. Tables have
/// their alignment in `style` attributes, which only the Markdown library writes.
const POLICY: &str = "default-src 'none'; img-src 'self' http: https: data:; style-src 'self'; \
     style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Adds them, unless the handler has set its own.
pub(crate) async fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
