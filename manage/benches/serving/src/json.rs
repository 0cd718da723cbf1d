//! The JSON document.

use axum::routing::get;
use axum::{Json, Router};

pub(crate) fn router() -> Router {
    let article =
        async || Json(serde_json::json!({"id": 1, "title": "A title", "text": "some words ".repeat(20)}));
    Router::new().route("/json", get(article))
}
