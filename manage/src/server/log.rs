//! A line for each request, in the form of Django's.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::console::{Role, Stream};

/// Passes a request on, and tells what became of it.
pub(super) async fn log(stream: Stream, request: Request, next: Next) -> Response {
    let request_line = format!("{} {} {:?}", request.method(), request.uri(), request.version());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    // A body that is still being made has no size yet.
    let size = response.body().size_hint().exact().map_or_else(|| "-".to_owned(), |size| size.to_string());
    let now = chrono::Local::now().format("%d/%b/%Y %H:%M:%S");
    let text = format!("[{now}] \"{request_line}\" {status} {size}");
    // A log whose reader has gone is no reason to stop serving.
    let _ = stream.styled_line(role(status), text);
    response
}

fn role(status: u16) -> Role {
    match status {
        100..200 => Role::HttpInfo,
        200..300 => Role::HttpSuccess,
        304 => Role::HttpNotModified,
        300..400 => Role::HttpRedirect,
        404 => Role::HttpNotFound,
        400..500 => Role::HttpBadRequest,
        _ => Role::HttpServerError,
    }
}
