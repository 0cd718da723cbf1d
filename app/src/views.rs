//! The blog's pages.

mod failures;
mod harmless;
mod headers;
mod layout;
mod markdown;

use chrono::NaiveDateTime;
use manage::axum::Extension;
use manage::axum::extract::Path;
use manage::axum::extract::rejection::PathRejection;
use manage::axum::http::{StatusCode, header};
use manage::axum::response::{IntoResponse, Response};
use manage::server::{Db, HandlerError};
use maud::{Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::models::{self, Article};
use crate::settings::BlogSettings;
use layout::page;

pub(crate) use failures::{as_json, as_page};
pub(crate) use headers::secured;

/// The characters that are not encoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// GET `/`: the published articles, the newest first.
pub(crate) async fn index(
    db: Db,
    Extension(settings): Extension<BlogSettings>,
) -> Result<Response, HandlerError> {
    let most = settings.front_page_articles;
    let articles = db.run(move |connection| models::published(connection, most)).await?;
    let list = html! {
        h1 { "Articles" }
        @if articles.is_empty() {
            p { "Nothing has been published yet." }
        }
        @for article in &articles {
            @let excerpt = markdown::excerpt(&article.body);
            article lang=[markdown::language(&article.title, &article.body)] {
                h2 { a href=(url(&article.slug)) { (article.title) } }
                @if let Some(time) = article.published_at { (date(time)) }
                @if !excerpt.is_empty() { p { (excerpt) } }
            }
        }
    };
    Ok(page(StatusCode::OK, "Articles", list))
}

/// GET `/articles/{slug}/`: one article.
pub(crate) async fn article(
    db: Db,
    slug: Result<Path<String>, PathRejection>,
) -> Result<Response, HandlerError> {
    // Bytes that are no UTF-8 are no slug.
    let Ok(Path(slug)) = slug else { return Ok(not_found().await) };
    let found = db.run(move |connection| models::find_published(connection, &slug)).await?;
    let Some(article) = found else { return Ok(not_found().await) };
    let content = html! {
        article lang=[markdown::language(&article.title, &article.body)] {
            h1 { (article.title) }
            @if let Some(time) = article.published_at { (date(time)) }
            (PreEscaped(markdown::html(&article.body)))
        }
    };
    Ok(page(StatusCode::OK, &article.title, content))
}

/// An article in the list for programs.
#[derive(Serialize)]
struct Listed<'a> {
    slug: &'a str,
    title: &'a str,
    published_at: Option<String>,
    url: String,
}

/// GET `/api/articles`: the published articles as JSON.
pub(crate) async fn api_articles(db: Db) -> Result<Response, HandlerError> {
    let articles = db.run(|connection| models::published(connection, None)).await?;
    Ok(json(StatusCode::OK, &articles.iter().map(listed).collect::<Vec<_>>()))
}

fn listed(article: &Article) -> Listed<'_> {
    Listed {
        slug: &article.slug,
        title: &article.title,
        published_at: article.published_at.map(iso),
        url: url(&article.slug),
    }
}

/// Any other address.
pub(crate) async fn not_found() -> Response {
    let content = html! {
        h1 { "There is no such page" }
        p { "It may have moved, or it has not been published yet. " a href="/" { "See all articles." } }
    };
    page(StatusCode::NOT_FOUND, "There is no such page", content)
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn url(slug: &str) -> String {
    format!("/articles/{}/", utf8_percent_encode(slug, PATH))
}

fn iso(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn date(time: NaiveDateTime) -> Markup {
    html! { p.date { time datetime=(iso(time)) lang="en" { (time.format("%-d %B %Y")) } } }
}
