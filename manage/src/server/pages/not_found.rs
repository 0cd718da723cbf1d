//! The page for a path without a route.

use axum::response::Response;
use hyper::StatusCode;
use maud::{Markup, html};

use super::facts::Project;
use super::layout;
use crate::console::printable;
use crate::server::routes::ListedRoute;

pub(super) fn page(project: &Project, path: &str) -> Response {
    let path = printable(path);
    let content = html! {
        p.kind { "404 Not Found" }
        h1 { "No route for " code { (path) } }
        @if project.routes.is_empty() {
            p { "No app has routes." }
        } @else {
            p { "These are the routes, in the order in which a request looks for its own." }
            (routes(project))
        }
    };
    layout::page(StatusCode::NOT_FOUND, &format!("No route for {path}"), &content)
}

/// The table of all routes.
pub(super) fn routes(project: &Project) -> Markup {
    let rows: Vec<Vec<Markup>> = project.routes.iter().map(row).collect();
    layout::table("Routes", &["Path", "Methods", "App", "Place"], &rows)
}

fn row(route: &ListedRoute) -> Vec<Markup> {
    let path = match route.is_unlisted {
        true => format!("{}/…", route.path.trim_end_matches('/')),
        false => route.path.clone(),
    };
    let path = printable(&path);
    // A browser can open it.
    let is_link = route.methods.names().iter().any(|name| matches!(*name, "GET" | "ANY"))
        && !route.path.contains(['{', '}'])
        && route.path.starts_with('/')
        && !route.path.starts_with("//");
    vec![
        html! {
            @if is_link { a href=(route.path) { code { (path) } } } @else { code { (path) } }
            @if let Some(place) = &route.shadowed_by {
                br;
                span.level-warning { "never reached: " (printable(place)) " has this path" }
            }
        },
        html! {
            @if route.is_unlisted { span.soft { "the routes of an axum Router: not listed" } }
            @else { (route.methods.names().join(", ")) }
        },
        html! { (route.app) },
        html! { code { (printable(&route.place)) } },
    ]
}
