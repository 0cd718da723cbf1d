//! A builder of routes that remembers their paths and places: axum's `Router` does not list its routes.

use std::convert::Infallible;
use std::panic::Location;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, Route};
use tower_layer::Layer;
use tower_service::Service;

/// An axum `Router` that remembers its routes, for `manage show_urls` and the pages of `runserver`.
///
/// It has axum's methods under their names, so `Routes::new()` instead of `Router::new()` is all that a
/// function with `#[manage::router]` needs. A `Router` may be nested or merged; its own routes are then not
/// listed. For a method of `Router` that is missing here, there is [`Routes::map_router`].
///
/// ```
/// use manage::axum::routing::{get, post};
/// use manage::prelude::*;
/// use manage::server::{Routes, Site};
///
/// #[manage::router(prefix = "/shop")]
/// fn urls(_site: &Site) -> Result<Routes> {
///     let orders = Routes::new().route("/", post(async || "ordered")).route("/{id}", get(async || "an order"));
///     Ok(Routes::new().route("/", get(async || "welcome")).nest("/orders", orders))
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Routes<S = ()> {
    router: Router<S>,
    entries: Vec<Entry<S>>,
    fallbacks: Vec<Fallback>,
}

/// A recorded route.
#[derive(Clone)]
pub(super) struct Entry<S = ()> {
    pub(super) path: String,
    /// `None` for an axum `Router` that a function with `#[manage::router]` returned.
    pub(super) place: Option<&'static Location<'static>>,
    pub(super) target: Target<S>,
}

/// A handler of the requests without a route.
#[derive(Clone)]
pub(super) struct Fallback {
    /// Below this path; empty for all paths.
    pub(super) prefix: String,
    /// `None` for the place of the function with `#[manage::router]`.
    pub(super) place: Option<&'static Location<'static>>,
}

/// What a route leads to.
#[derive(Clone)]
pub(super) enum Target<S> {
    /// Handlers by method.
    Methods(Box<MethodRouter<S>>),
    /// A service, which gets requests of all methods.
    Service,
    /// A service or an axum `Router` below the path.
    Unlisted,
}

/// What a function with `#[manage::router]` may return, and what can be nested and merged: [`Routes`], or
/// axum's `Router`, whose routes are not listed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither `manage::server::Routes` nor axum's `Router`",
    label = "must be `Routes` or `Router`",
    note = "a router with a state needs `.with_state(…)`"
)]
pub trait IntoRoutes<S = ()> {
    /// Converts it.
    fn into_routes(self) -> Routes<S>;
}

impl<S> IntoRoutes<S> for Routes<S> {
    fn into_routes(self) -> Routes<S> {
        self
    }
}

impl<S: Clone + Send + Sync + 'static> IntoRoutes<S> for Router<S> {
    fn into_routes(self) -> Routes<S> {
        let unlisted = Entry { path: "/".to_owned(), place: None, target: Target::Unlisted };
        Routes {
            entries: self.has_routes().then_some(unlisted).into_iter().collect(),
            router: self,
            fallbacks: Vec::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Creates a router without routes.
    pub fn new() -> Self {
        Self { router: Router::new(), entries: Vec::new(), fallbacks: Vec::new() }
    }

    /// Adds a route: `.route("/articles/{slug}", get(article))`.
    ///
    /// # Panics
    ///
    /// Like axum's method, if the path is invalid or a route for it exists. This also holds for the methods
    /// below.
    #[track_caller]
    pub fn route(mut self, path: &str, methods: MethodRouter<S>) -> Self {
        self.record(path, Target::Methods(Box::new(methods.clone())));
        self.map_router(|router| router.route(path, methods))
    }

    /// Adds a route to a service.
    #[track_caller]
    pub fn route_service<T>(mut self, path: &str, service: T) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.record(path, Target::Service);
        self.map_router(|router| router.route_service(path, service))
    }

    /// Adds routes below a path.
    #[track_caller]
    pub fn nest(mut self, path: &str, routes: impl IntoRoutes<S>) -> Self {
        let Self { router: nested, entries, fallbacks } = routes.into_routes();
        let place = Location::caller();
        self.entries.extend(entries.into_iter().map(|entry| Entry {
            path: joined(path, &entry.path),
            place: entry.place.or(Some(place)),
            ..entry
        }));
        self.fallbacks.extend(fallbacks.into_iter().map(|fallback| fallback.below(path)));
        self.map_router(|router| router.nest(path, nested))
    }

    /// Adds a service below a path.
    #[track_caller]
    pub fn nest_service<T>(mut self, path: &str, service: T) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.record(path, Target::Unlisted);
        self.map_router(|router| router.nest_service(path, service))
    }

    /// Adds the routes and the fallback of another router.
    #[track_caller]
    pub fn merge(mut self, routes: impl IntoRoutes<S>) -> Self {
        let Self { router: other, entries, fallbacks } = routes.into_routes();
        self.fallbacks.extend(fallbacks);
        let place = Location::caller();
        self.entries
            .extend(entries.into_iter().map(|entry| Entry { place: entry.place.or(Some(place)), ..entry }));
        self.map_router(|router| router.merge(other))
    }

    /// Applies a layer to all routes that exist so far, and to the fallback.
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.map_router(|router| router.layer(layer))
    }

    /// Applies a layer to all routes that exist so far, but only to requests that have a route.
    #[track_caller]
    pub fn route_layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.map_router(|router| router.route_layer(layer))
    }

    /// Sets the handler of requests without a route.
    #[track_caller]
    pub fn fallback<H: Handler<T, S>, T: 'static>(self, handler: H) -> Self {
        self.falls_back(Location::caller()).map_router(|router| router.fallback(handler))
    }

    /// Sets the service of requests without a route.
    #[track_caller]
    pub fn fallback_service<T>(self, service: T) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.falls_back(Location::caller()).map_router(|router| router.fallback_service(service))
    }

    /// Sets the handler of requests whose route has no handler for their method.
    pub fn method_not_allowed_fallback<H: Handler<T, S>, T: 'static>(self, handler: H) -> Self {
        self.map_router(|router| router.method_not_allowed_fallback(handler))
    }

    /// Provides the state of the handlers.
    pub fn with_state<S2: Clone + Send + Sync + 'static>(self, state: S) -> Routes<S2> {
        let with_state = |entry: Entry<S>| Entry {
            path: entry.path,
            place: entry.place,
            target: match entry.target {
                Target::Methods(methods) => Target::Methods(Box::new(methods.with_state(state.clone()))),
                Target::Service => Target::Service,
                Target::Unlisted => Target::Unlisted,
            },
        };
        let entries = self.entries.into_iter().map(with_state).collect();
        Routes { router: self.router.with_state(state), entries, fallbacks: self.fallbacks }
    }

    /// Changes the `Router` by a function. Routes that it adds are not listed.
    #[track_caller]
    pub fn map_router(self, change: impl FnOnce(Router<S>) -> Router<S>) -> Self {
        Self { router: change(self.router), ..self }
    }

    /// Nests all of it below a prefix.
    pub(super) fn below(self, prefix: &str) -> Self {
        let Self { router, entries, fallbacks } = self;
        let entries = entries.into_iter().map(|entry| Entry { path: joined(prefix, &entry.path), ..entry });
        Self {
            entries: entries.collect(),
            fallbacks: fallbacks.into_iter().map(|fallback| fallback.below(prefix)).collect(),
            router: Router::new().nest(prefix, router),
        }
    }

    /// Forgets where the routes are registered, so that the registration's own place is shown.
    #[cfg(feature = "static")]
    pub(crate) fn without_places(mut self) -> Self {
        self.entries.iter_mut().for_each(|entry| entry.place = None);
        self
    }

    /// Records a fallback, which replaces an earlier one.
    fn falls_back(mut self, place: &'static Location<'static>) -> Self {
        self.fallbacks.retain(|fallback| !fallback.prefix.is_empty());
        self.fallbacks.push(Fallback { prefix: String::new(), place: Some(place) });
        self
    }

    #[track_caller]
    fn record(&mut self, path: &str, target: Target<S>) {
        self.entries.push(Entry { path: path.to_owned(), place: Some(Location::caller()), target });
    }
}

impl<S> Routes<S> {
    pub(super) fn entries(&self) -> &[Entry<S>] {
        &self.entries
    }

    pub(super) fn fallbacks(&self) -> &[Fallback] {
        &self.fallbacks
    }

    pub(super) fn router(&self) -> &Router<S> {
        &self.router
    }
}

impl<S> From<Routes<S>> for Router<S> {
    fn from(routes: Routes<S>) -> Self {
        routes.router
    }
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.path)).finish()
    }
}

impl Fallback {
    fn below(self, prefix: &str) -> Self {
        Self { prefix: joined(prefix, &self.prefix), ..self }
    }
}

/// Returns the path of a nested route, as axum joins it.
fn joined(prefix: &str, path: &str) -> String {
    match (prefix.strip_suffix('/'), path) {
        (Some(prefix), _) => format!("{prefix}{path}"),
        (None, "/") => prefix.to_owned(),
        (None, _) => format!("{prefix}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn prefixes_are_joined_as_in_axum() {
        for (prefix, path, expected) in [
            ("/shop", "/", "/shop"),
            ("/shop", "/soups/", "/shop/soups/"),
            ("/shop/", "/", "/shop/"),
            ("/shop/", "/soups", "/shop/soups"),
            ("/{tenant}", "/soups", "/{tenant}/soups"),
        ] {
            assert_eq!(joined(prefix, path), expected);
        }
    }
}
