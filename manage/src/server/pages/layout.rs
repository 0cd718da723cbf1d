//! What all pages have in common.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use maud::{Markup, html};

use crate::server::document::{document, policy};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded; the only style is the one in the page, and a form may only be sent to this server.
static POLICY: LazyLock<String> =
    LazyLock::new(|| format!("{}; form-action 'self'; base-uri 'none'", policy(STYLE)));

/// Returns a whole page. `title` is plain text.
pub(super) fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let body = html! {
        a.skip href="#content" { "Skip to content" }
        header {
            nav aria-label="Development pages" {
                a.home href="/" { "Site" }
                a href="/__manage__/" { "Project" }
                a href="/__manage__/migrations" { "Migrations" }
            }
        }
        main id="content" { (content) }
        footer {
            p {
                "Only " code { "manage runserver" } " shows this page, in a debug build and without "
                code { "MANAGE_ENV=production" } "."
            }
        }
    };
    let page = document(&format!("{title} · manage"), STYLE, &body);
    let mut response = (status, Html(page.into_string())).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // With `no-referrer`, the origin of a form would be `null`.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns a table with a caption for screen readers. It can be scrolled on a narrow screen.
pub(super) fn table(caption: &str, header: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for cell in header { th scope="col" { (cell) } } } }
                tbody {
                    @for row in rows {
                        tr { @for cell in row { td { (cell) } } }
                    }
                }
            }
        }
    }
}

/// Returns a table of names and values; a value that is `None` is not shown.
pub(super) fn pairs<'a>(caption: &str, rows: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.pairs {
                caption { (caption) }
                @for (name, value) in rows {
                    tr {
                        th scope="row" { (name) }
                        td { @if let Some(value) = value { code { (value) } } @else { span.soft { "(not shown)" } } }
                    }
                }
            }
        }
    }
}
