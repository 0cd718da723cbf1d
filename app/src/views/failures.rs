//! What a visitor sees if a view fails. The error itself is in the server's log, and nowhere else.

use std::mem;

use manage::axum::http::{StatusCode, header};
use manage::axum::response::Response;
use maud::html;

use super::json;
use super::layout::page;

/// Replaces the text of a failure by a page.
pub(crate) async fn as_page(response: Response) -> Response {
    let status = response.status();
    let (title, text) = match status {
        StatusCode::SERVICE_UNAVAILABLE => (
            "The articles cannot be read at the moment",
            "The database does not answer. Please try again in a minute.",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => {
            ("The articles cannot be read", "Something is wrong with this site. Its log says what.")
        }
        _ => return response,
    };
    instead_of(response, page(status, title, html! { h1 { (title) } p { (text) } }))
}

/// Replaces the text of a failure by an object, for programs.
pub(crate) async fn as_json(response: Response) -> Response {
    let status = response.status();
    let error = match status {
        StatusCode::SERVICE_UNAVAILABLE => "The database is not available.",
        StatusCode::INTERNAL_SERVER_ERROR => "The articles cannot be read.",
        _ => return response,
    };
    instead_of(response, json(status, &serde_json::json!({ "error": error })))
}

/// Keeps what the server needs of a `HandlerError`: the error, for its log and the pages of `runserver`, and
/// when to try again.
fn instead_of(mut failed: Response, mut shown: Response) -> Response {
    *shown.extensions_mut() = mem::take(failed.extensions_mut());
    if let Some(seconds) = failed.headers_mut().remove(header::RETRY_AFTER) {
        shown.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    shown
}
