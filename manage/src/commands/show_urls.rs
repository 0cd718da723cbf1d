#![cfg(feature = "runserver")]

use crate::checks::Selection;
use crate::prelude::*;
use crate::render;
use crate::render::Format;
use crate::server::{AppRoutes, Site, all_paths};

/// List the routes of all apps
///
/// The order is that in which a request looks for its route. The health checks of the server come first, and
/// fallbacks come after the routes of their function. What is never reached is marked. The routes and the fallback
/// of an app that returns an axum Router instead of manage::server::Routes cannot be listed.
#[command(requires_checks = "none")]
pub(crate) fn show_urls(
    cx: &mut Context,
    /// List only the routes of these apps
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    apps: Vec<String>,
    /// Output format: text, or one JSON object
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
) -> Result<()> {
    let selection = Selection { apps, ..Selection::default() };
    selection.validate(cx).map_err(CommandError::from)?;
    let site = Site::new(cx.settings()?.clone()).log_to(cx.err().clone());
    let mut routes = all_paths(&AppRoutes::all(cx.program(), &site)?);
    routes.retain(|route| selection.apps.is_empty() || selection.apps.iter().any(|app| app == route.app));
    render::routes(cx, &routes, format)
}
