//! The page of a project without routes.

use axum::response::Response;
use hyper::StatusCode;
use maud::html;

use super::facts::Project;
use super::layout;

const EXAMPLE: &str = r#"use manage::Result;
use manage::axum::routing::get;
use manage::server::{Routes, Site};

#[manage::router]
pub fn urls(_site: &Site) -> Result<Routes> {
    Ok(Routes::new().route("/", get(async || "Hello!")))
}"#;

pub(super) fn page(project: &Project) -> Response {
    let apps = project.facts.program.registry().apps();
    let content = html! {
        h1 { "The server is running" }
        p {
            "No app of this project has routes yet."
            @if !apps.is_empty() { " Its apps: " @for (index, app) in apps.iter().enumerate() {
                @if index > 0 { ", " }
                code { (app) }
            } "." }
        }
        h2 { "Add the first route" }
        p { "Write a file " code { "src/urls.rs" } " and name it in " code { "src/lib.rs" } " with " code { "mod urls;" } ":" }
        pre tabindex="0" role="region" aria-label="Example of src/urls.rs" { (EXAMPLE) }
        p { a href="/__manage__/" { "Show the project's commands, databases and checks" } }
    };
    layout::page(StatusCode::OK, "The server is running", &content)
}
