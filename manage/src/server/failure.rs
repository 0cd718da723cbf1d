//! The error of a handler, and how it gets to the log and to the page of a failed request.

use std::panic::Location;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};

use super::page;
use crate::database::ConnectError;
use crate::panics::Panic;

/// The error of a handler: any error, by `?`.
///
/// The client gets a short neutral text with the status 500, or 503 if a database is not available: if the
/// error or one of its causes is a [`ConnectError`], also for a reason that is not transient. The error, its
/// causes and the place of the `?` go to the server's log and, in development, to the page of the failed
/// request.
///
/// ```
/// use manage::axum::extract::State;
/// use manage::server::{HandlerError, Site};
///
/// async fn count(State(site): State<Site>) -> Result<String, HandlerError> {
///     let connection = site.connect()?;
///     # drop(connection);
///     let number: u32 = "12".parse()?;
///     Ok(format!("{number} soups"))
/// }
/// ```
pub struct HandlerError {
    error: anyhow::Error,
    place: &'static Location<'static>,
    /// Whether it may work again in a while.
    is_unavailable: bool,
}

impl<E: Into<anyhow::Error>> From<E> for HandlerError {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::at(error.into(), Location::caller())
    }
}

impl HandlerError {
    /// Creates the error of a place other than a `?`.
    pub(super) fn at(error: anyhow::Error, place: &'static Location<'static>) -> Self {
        let is_unavailable = error.chain().any(|cause| cause.is::<ConnectError>());
        Self { error, place, is_unavailable }
    }

    /// Creates the error of something that is not available now, such as a connection of another crate's pool:
    /// the response has the status 503. It has the place of this call.
    ///
    /// An error of this crate's connections and pools has that status anyway.
    #[track_caller]
    pub fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Self { is_unavailable: true, ..Self::at(error.into(), Location::caller()) }
    }

    fn status(&self) -> StatusCode {
        match self.is_unavailable {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl std::fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.error, f)
    }
}

impl std::fmt::Display for HandlerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.error, f)
    }
}

impl IntoResponse for HandlerError {
    fn into_response(self) -> Response {
        let status = self.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let mut response = page::text(status, format!("{reason}\n"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(Failure::Error(Arc::new(self)));
        response
    }
}

/// Returns the error of a handler from its response.
#[cfg(feature = "testing")]
pub(crate) fn failed(extensions: &axum::http::Extensions) -> Option<&anyhow::Error> {
    match extensions.get()? {
        Failure::Error(error) => Some(error.error()),
        Failure::Panic(_) => None,
    }
}

/// Why a request failed: an extension of its response.
#[derive(Clone)]
pub(super) enum Failure {
    Error(Arc<HandlerError>),
    /// A panic that the pages of `runserver` caught.
    #[cfg_attr(not(debug_assertions), expect(dead_code, reason = "only the pages create it"))]
    Panic(Arc<Panic>),
}

impl Failure {
    /// Returns the source location: `FILE:LINE:COLUMN`.
    pub(super) fn place(&self) -> Option<String> {
        match self {
            // Without `?`, such as in `map_err(Into::into)`, it is a place in the standard library.
            Self::Error(error) if error.place.file().starts_with("/rustc/") => None,
            Self::Error(error) => Some(error.place.to_string()),
            Self::Panic(panic) => panic.place.clone(),
        }
    }
}

impl HandlerError {
    /// Returns the error and its causes.
    pub(super) fn error(&self) -> &anyhow::Error {
        &self.error
    }
}
