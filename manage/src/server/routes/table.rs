//! The list of all routes.

use serde::Serialize;

use super::AppRoutes;
use super::ask::{claim, example};
use super::builder::{Entry, Target};
use super::methods::Methods;

/// A route of an app.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ListedRoute {
    pub(crate) path: String,
    /// Empty if they are not known.
    pub(crate) methods: Methods,
    pub(crate) app: &'static str,
    /// `FILE:LINE`.
    pub(crate) place: String,
    /// Whether it stands for the routes of an axum `Router` or of a service, which are not listed.
    pub(crate) is_unlisted: bool,
    /// The place of an earlier app's route that gets the requests of this one.
    pub(crate) shadowed_by: Option<String>,
}

impl ListedRoute {
    fn new(app: &AppRoutes, entry: &Entry) -> Self {
        let methods = match &entry.target {
            Target::Methods(methods) => Methods::of(methods),
            Target::Service => Methods::any(),
            Target::Unlisted => Methods::unknown(),
        };
        Self {
            path: entry.path.clone(),
            methods,
            app: app.app(),
            place: app.place(entry),
            is_unlisted: matches!(entry.target, Target::Unlisted),
            shadowed_by: None,
        }
    }
}

/// Lists the routes in the order of the apps.
pub(crate) fn table(apps: &[AppRoutes]) -> Vec<ListedRoute> {
    let mut rows = Vec::new();
    for (index, app) in apps.iter().enumerate() {
        for entry in app.routes.entries() {
            let mut row = ListedRoute::new(app, entry);
            if !row.is_unlisted {
                row.shadowed_by = apps[..index].iter().find_map(|earlier| shadow(earlier, &row.path));
            }
            rows.push(row);
        }
    }
    rows
}

/// Returns the place of the route that gets this path's requests.
fn shadow(app: &AppRoutes, path: &str) -> Option<String> {
    let pattern = claim(app.routes.router(), &example(path))?;
    let entry = app.routes.entries().iter().find(|entry| entry.path == pattern);
    // The routes of an axum `Router` are not listed.
    Some(entry.map_or_else(|| app.location.to_string(), |entry| app.place(entry)))
}
