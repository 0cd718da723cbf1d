//! The page of a request that failed.

use axum::response::Response;
use hyper::StatusCode;
use maud::{Markup, html};

use super::facts::Project;
use super::shown_request::ShownRequest;
use super::source::Excerpt;
use super::{layout, migrations};
use crate::console::printable;
use crate::database::{ConnectError, ServerError};
use crate::server::failure::Failure;

pub(super) async fn page(
    project: &Project,
    status: StatusCode,
    failure: &Failure,
    request: &ShownRequest,
) -> Response {
    let unapplied = migrations::unapplied(project).await;
    let missing = unapplied.as_ref().map_or(0, Vec::len);
    let place = failure.place();
    let (kind, heading) = match failure {
        Failure::Panic(panic) => ("panicked", panic.message.clone()),
        Failure::Error(error) => ("failed", error.error().to_string()),
    };
    let parameters = match request.parameters.is_empty() {
        true => "none".to_owned(),
        false => request.parameters.join(", "),
    };
    let content = html! {
        p.kind { (status) " · " (request.method) " " (request.path) " " (kind) }
        div.bad { h1 { (printable(&heading)) } }
        @if missing > 0 {
            div.note {
                p {
                    (migrations::count(missing)) ". This may be the reason. "
                    a href="/__manage__/migrations" { "Show and apply the migrations" }
                }
            }
        }
        @if let Failure::Error(error) = failure { (causes(error.error())) }
        @if let Some(place) = &place {
            h2 { "At " code { (printable(place)) } }
            @if let Some(excerpt) = Excerpt::read(project, place) { (excerpt.html()) }
        }
        @if let Failure::Panic(panic) = failure {
            @if let Some(backtrace) = &panic.backtrace {
                h2 { "Backtrace" }
                pre tabindex="0" role="region" aria-label="Backtrace" { (backtrace.to_string()) }
            } @else {
                p.soft { "With " code { "manage runserver --traceback" } " there is a backtrace." }
            }
        }
        h2 { "Request" }
        (layout::pairs("Request", [
            ("Method", Some(&*request.method)),
            ("Path", Some(&*request.path)),
            ("Query parameters", Some(&*parameters)),
        ]))
        h2 { "Headers" }
        (layout::pairs("Headers", request.headers.iter().map(|(name, value)| (&**name, value.as_deref()))))
        h2 { "Settings" }
        (project.shown_settings())
    };
    layout::page(status, &heading_title(&heading), &content)
}

/// A long message is cut in the title.
fn heading_title(heading: &str) -> String {
    let line = heading.lines().next().unwrap_or_default();
    printable(&line.chars().take(80).collect::<String>()).into_owned()
}

/// The causes of an error, and what the database says about it.
fn causes(error: &anyhow::Error) -> Markup {
    let causes: Vec<String> =
        error.chain().skip(1).map(|cause| printable(&cause.to_string()).into_owned()).collect();
    let answer = ServerError::in_chain(error);
    let hints: Vec<String> = [
        answer.as_ref().and_then(|answer| answer.detail().map(str::to_owned)),
        answer.as_ref().and_then(|answer| answer.hint().map(str::to_owned)),
        answer.as_ref().and_then(|answer| answer.remedy()),
        error.chain().find_map(|cause| cause.downcast_ref::<ConnectError>()?.hint.clone()),
    ]
    .into_iter()
    .flatten()
    .collect();
    html! {
        @if !causes.is_empty() {
            h2 { "Caused by" }
            ol.causes { @for cause in &causes { li { (cause) } } }
        }
        @if !hints.is_empty() {
            div.note { @for hint in &hints { p { (printable(hint)) } } }
        }
    }
}
