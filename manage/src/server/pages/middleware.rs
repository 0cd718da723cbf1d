//! Decides which page answers a request.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper::body::Body as _;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{HeaderMap, Method, StatusCode};

use super::facts::{Facts, Project};
use super::shown_request::ShownRequest;
use super::{failed, migrations, not_found, overview, welcome};
use crate::panics;
use crate::server::RequestInfo;
use crate::server::failure::Failure;
use crate::server::page;
use crate::server::routes::AppRoutes;

/// The paths of the pages themselves.
const OWN: &str = "/__manage__/";

/// Adds the pages to the routes.
pub(crate) fn wrap(routes: Option<Router>, apps: Vec<AppRoutes>, facts: Facts) -> Router {
    let project = Arc::new(Project::new(apps, facts));
    routes.unwrap_or_default().layer(from_fn_with_state(project, answer))
}

async fn answer(State(project): State<Arc<Project>>, request: Request, next: Next) -> Response {
    // A page of the internet that resolves its name to this machine must not read these pages, even if the
    // project allows all hosts.
    let info = request.extensions().get::<RequestInfo>();
    if project.facts.hosts.check(&request, info.and_then(RequestInfo::forwarded_host)).is_err() {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    if let Some(own) = path.strip_prefix(OWN) {
        return match (request.method(), own) {
            (&Method::GET | &Method::HEAD, "") => overview::page(&project).await,
            (&Method::GET | &Method::HEAD, "migrations") => migrations::page(&project).await,
            (&Method::POST, "migrations") => migrations::apply(&project, request).await,
            _ => not_found::page(&project, &path),
        };
    }
    let shown = ShownRequest::of(&request);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let wants_html = wants_html(request.headers());
    let mut answer = pin!(next.run(request));
    let answered = poll_fn(|cx| match panics::call(|| answer.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
        Err(panic) => Poll::Ready(Err(panic)),
    });
    let response = match answered.await {
        Ok(response) => response,
        Err(panic) => {
            let mut response = page::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n");
            response.extensions_mut().insert(Failure::Panic(Arc::new(panic)));
            response
        }
    };
    if !wants_html {
        return response;
    }
    if let Some(failure) = response.extensions().get::<Failure>().cloned() {
        let mut page = failed::page(&project, response.status(), &failure, &shown).await;
        // For the log.
        page.extensions_mut().insert(failure);
        return page;
    }
    if is_read && is_empty_not_found(&response) && project.is_unclaimed(&path) {
        return match project.has_routes() || path != "/" {
            true => not_found::page(&project, &path),
            false => welcome::page(&project),
        };
    }
    response
}

/// Returns whether a client prefers HTML, as a browser does for a page.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|part| {
        let kind = part.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html")
    })
}

/// Returns whether it is the response of axum's fallback.
fn is_empty_not_found(response: &Response) -> bool {
    response.status() == StatusCode::NOT_FOUND
        && response.body().is_end_stream()
        && !response.headers().contains_key(CONTENT_TYPE)
}
