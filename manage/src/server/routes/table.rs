//! The list of all routes.

use serde::Serialize;

use super::AppRoutes;
use super::ask::{claim, example};
use super::builder::{Entry, Fallback, Target};
use super::methods::Methods;
use crate::server::health::health_paths;

/// In place of an app, for what the framework itself answers.
const FRAMEWORK: &str = "manage";

/// A path below a prefix that no app has.
const NOWHERE: &str = "/__manage__/none";

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
    /// Whether it gets the requests below the path that have no route.
    pub(crate) is_fallback: bool,
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
            place: app.place(entry.place),
            is_unlisted: matches!(entry.target, Target::Unlisted),
            is_fallback: false,
            shadowed_by: None,
        }
    }

    fn of_fallback(app: &AppRoutes, fallback: &Fallback) -> Self {
        Self {
            path: fallback.prefix.clone(),
            methods: Methods::any(),
            app: app.app(),
            place: app.place(fallback.place),
            is_unlisted: false,
            is_fallback: true,
            shadowed_by: None,
        }
    }

    /// A health check of the server.
    fn of_health(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            methods: Methods::get(),
            app: FRAMEWORK,
            place: "health check".to_owned(),
            is_unlisted: false,
            is_fallback: false,
            shadowed_by: None,
        }
    }
}

/// Lists everything that answers, in the order in which a request looks for it: health checks, and the routes
/// and fallbacks of the apps.
pub(crate) fn all_paths(apps: &[AppRoutes]) -> Vec<ListedRoute> {
    let mut rows: Vec<_> = health_paths(apps).into_iter().map(ListedRoute::of_health).collect();
    let routes = table(apps);
    for (index, app) in apps.iter().enumerate() {
        rows.extend(routes.iter().filter(|(of, _)| *of == index).map(|(_, row)| row.clone()));
        for fallback in app.routes.fallbacks() {
            let mut row = ListedRoute::of_fallback(app, fallback);
            row.shadowed_by = hidden_by(apps, index, &fallback.prefix);
            rows.push(row);
        }
    }
    rows
}

/// Returns the place of what gets the requests of a fallback instead.
fn hidden_by(apps: &[AppRoutes], index: usize, prefix: &str) -> Option<String> {
    if prefix.is_empty() {
        // The routes of the next function take its place.
        return apps.get(index + 1).map(|next| next.location.to_string());
    }
    let path = example(prefix) + NOWHERE;
    let hides =
        |app: &&AppRoutes| claim(app.routes.router(), &path).is_some_and(|pattern| pattern.is_empty());
    apps[..index].iter().find(hides).map(|app| {
        let same = app.routes.fallbacks().iter().find(|fallback| fallback.prefix == prefix);
        app.place(same.and_then(|fallback| fallback.place))
    })
}

/// Lists the routes in the order of the apps, each with the index of its function.
pub(crate) fn table(apps: &[AppRoutes]) -> Vec<(usize, ListedRoute)> {
    let mut rows = Vec::new();
    for (index, app) in apps.iter().enumerate() {
        for entry in app.routes.entries() {
            let mut row = ListedRoute::new(app, entry);
            if !row.is_unlisted {
                row.shadowed_by = apps[..index].iter().find_map(|earlier| shadow(earlier, &row.path));
            }
            rows.push((index, row));
        }
    }
    rows
}

/// Returns the place of the route that gets this path's requests.
fn shadow(app: &AppRoutes, path: &str) -> Option<String> {
    let pattern = claim(app.routes.router(), &example(path))?;
    let entry = app.routes.entries().iter().find(|entry| entry.path == pattern);
    // The routes of an axum `Router` are not listed.
    Some(entry.map_or_else(|| app.location.to_string(), |entry| app.place(entry.place)))
}
