//! The blog's pages.

mod harmless;
mod headers;
mod layout;
mod markdown;

use chrono::NaiveDateTime;
use diesel::QueryResult;
use manage::axum::Extension;
use manage::axum::extract::rejection::PathRejection;
use manage::axum::extract::{Path, State};
use manage::axum::http::{StatusCode, header};
use manage::axum::response::{IntoResponse, Response};
use manage::database::{ConnectError, Connection};
use manage::server::Site;
use maud::{Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::models::{self, Article};
use crate::settings::BlogSettings;
use layout::page;

pub(crate) use headers::secured;
pub(crate) use layout::style;

/// The characters that are not encoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// GET `/`: the published articles, the newest first.
pub(crate) async fn index(
    State(site): State<Site>,
    Extension(settings): Extension<BlogSettings>,
) -> Response {
    let most = settings.front_page_articles;
    let articles = match query(&site, move |connection| models::published(connection, most)).await {
        Ok(articles) => articles,
        Err(failure) => return failed(&failure),
    };
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
    page(StatusCode::OK, "Articles", list)
}

/// GET `/articles/{slug}/`: one article.
pub(crate) async fn article(State(site): State<Site>, slug: Result<Path<String>, PathRejection>) -> Response {
    // Bytes that are no UTF-8 are no slug.
    let Ok(Path(slug)) = slug else { return not_found().await };
    let found = query(&site, move |connection| models::find_published(connection, &slug)).await;
    let article = match found {
        Ok(Some(article)) => article,
        Ok(None) => return not_found().await,
        Err(failure) => return failed(&failure),
    };
    let content = html! {
        article lang=[markdown::language(&article.title, &article.body)] {
            h1 { (article.title) }
            @if let Some(time) = article.published_at { (date(time)) }
            (PreEscaped(markdown::html(&article.body)))
        }
    };
    page(StatusCode::OK, &article.title, content)
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
pub(crate) async fn api_articles(State(site): State<Site>) -> Response {
    match query(&site, |connection| models::published(connection, None)).await {
        Ok(articles) => json(StatusCode::OK, &articles.iter().map(listed).collect::<Vec<_>>()),
        Err(Failure::Connect(_)) => json(
            StatusCode::SERVICE_UNAVAILABLE,
            &serde_json::json!({ "error": "The database is not available." }),
        ),
        Err(Failure::Query(_)) => json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &serde_json::json!({ "error": "The articles cannot be read." }),
        ),
    }
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

fn failed(failure: &Failure) -> Response {
    let (status, title, text) = match failure {
        Failure::Connect(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The articles cannot be read at the moment",
            "The database does not answer. Please try again in a minute.",
        ),
        Failure::Query(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The articles cannot be read",
            "Something is wrong with this site. Its log says what.",
        ),
    };
    page(status, title, html! { h1 { (title) } p { (text) } })
}

/// Why there is no answer. It is in the server's log, and nowhere else.
enum Failure {
    /// There is no connection: it may work again in a while.
    Connect(ConnectError),
    /// The database answers, and refuses the query.
    Query(diesel::result::Error),
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

async fn query<T: Send + 'static>(
    site: &Site,
    work: impl FnOnce(&mut Connection) -> QueryResult<T> + Send + 'static,
) -> Result<T, Failure> {
    let result = site.pool().run(|connection| work(connection).map_err(Failure::Query)).await;
    result.inspect_err(|failure| match failure {
        Failure::Connect(error) => site.log_error(error),
        Failure::Query(error) => site.log_error(error),
    })
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
