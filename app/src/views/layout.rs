//! What all pages have in common.

use manage::axum::http::StatusCode;
use manage::axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

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
                // In a file of its own, so that a browser can refuse all styles in pages.
                link rel="stylesheet" href=(manage::static_url!("style.css"));
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
