//! The addresses of the blog.

use manage::axum::Extension;
use manage::axum::middleware::map_response;
use manage::axum::routing::get;
use manage::server::{Routes, Site};

use crate::settings::BlogSettings;
use crate::views;

/// The blog's routes.
#[manage::router]
pub fn urls(site: &Site) -> manage::Result<Routes> {
    let settings: BlogSettings = site.settings().app("app")?;
    let api =
        Routes::new().route("/api/articles", get(views::api_articles)).layer(map_response(views::as_json));
    Ok(Routes::new()
        .route("/", get(views::index))
        .route("/articles/{slug}/", get(views::article))
        .layer(map_response(views::as_page))
        .merge(api)
        .fallback(views::not_found)
        .layer(Extension(settings))
        .layer(map_response(views::secured))
        .with_state(site.clone()))
}
