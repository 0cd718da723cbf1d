//! What all pages have in common.

use manage::axum::http::{StatusCode, header};
use manage::axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = include_str!("style.css");

/// GET `/style.css`: apart from the pages, so that these need no style of their own and a browser can refuse
/// any.
pub(crate) async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, STYLE).into_response()
}

/// Returns a whole page.
pub(super) fn page(status: StatusCode, title: &str, content: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · A small blog" }
                // Without it, browsers ask for /favicon.ico.
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
            }
            body {
                header { a href="/" { "A small blog" } }
                main { (content) }
                footer { "Written in Markdown, stored with Diesel, served by " code { "manage runserver" } "." }
            }
        }
    };
    (status, Html(page.into_string())).into_response()
}
