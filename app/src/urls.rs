//! The addresses of the blog.

use manage::axum::Router;
use manage::axum::routing::get;
use manage::server::Site;

use crate::views;

/// The blog's routes.
#[manage::router]
pub fn urls(site: &Site) -> manage::Result<Router> {
    Ok(Router::new()
        .route("/", get(views::index))
        .route("/articles/{slug}/", get(views::article))
        .route("/api/articles", get(views::api_articles))
        .fallback(views::not_found)
        .with_state(site.clone()))
}
