//! Answers requests for static files.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tower_http::services::ServeDir;
use tower_service::Service as _;

use super::backend::Files;
use super::registration::StaticRegistration;
use super::url::{PREFIX, hash, split};
use crate::command::{Location, Program};
use crate::server::routes::Routes;

/// A year: another content has another URL.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A browser asks each time whether it has changed.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns the routes of each app with static files, in the order of the apps.
pub(crate) fn routes(program: &Program) -> Vec<(Routes, &'static Location)> {
    let apps = program.registry().apps().iter();
    let registered = apps.filter_map(|app| StaticRegistration::of(app));
    registered
        .map(|registration| {
            let path = format!("{PREFIX}/{}/{{*path}}", registration.location.app());
            let handler =
                move |Path(path): Path<String>, request: Request| answer(registration, path, request);
            (Routes::new().route(&path, get(handler)).without_places(), &registration.location)
        })
        .collect()
}

async fn answer(registration: &'static StaticRegistration, path: String, mut request: Request) -> Response {
    let (name, caching) = match split(&path) {
        Some((name, wanted)) => match registration.file(&name) {
            Some(file) if hash(&file) == wanted => (name, FOREVER),
            // The content of this URL is not there any more; another one would be kept for a year.
            Some(_) => return StatusCode::NOT_FOUND.into_response(),
            None => (path, ASK),
        },
        None => (path, ASK),
    };
    let encoded = format!("/{}", utf8_percent_encode(&name, PATH));
    let Ok(uri) = encoded.parse::<Uri>() else { return StatusCode::NOT_FOUND.into_response() };
    *request.uri_mut() = uri;
    let mut files = ServeDir::with_backend("", Files(registration))
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let Ok(response) = files.call(request).await;
    let mut response = response.map(Body::new);
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CACHE_CONTROL, caching);
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}
