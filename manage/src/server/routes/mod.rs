//! The routes of all apps, as one router.
//!
//! `builder` is what an app returns; `methods` and `ask` find out what axum does not list; `table` is the list
//! of all routes.

mod ask;
mod builder;
mod methods;
mod table;

use axum::Router;

#[cfg(debug_assertions)]
use self::builder::Fallback;
pub use self::builder::{IntoRoutes, Routes};
#[cfg(debug_assertions)]
pub(crate) use self::table::table;
pub(crate) use self::table::{ListedRoute, all_paths};
use super::Site;
use crate::command::{Location, Program};
use crate::error::Result;

/// A function that creates an app's routes.
type MakeRoutes = fn(&Site) -> Result<Routes>;

/// The registration of `#[manage::router]`.
pub struct RouterRegistration {
    make: MakeRoutes,
    prefix: Option<&'static str>,
    location: Location,
}

impl RouterRegistration {
    #[doc(hidden)]
    pub const fn new(
        make: MakeRoutes,
        prefix: Option<&'static str>,
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { make, prefix, location: Location::new(module_path, file, line) }
    }
}

inventory::collect!(RouterRegistration);

/// The routes that one function returned.
pub(crate) struct AppRoutes {
    routes: Routes,
    location: &'static Location,
}

impl AppRoutes {
    /// Calls the functions of the program's apps, in the order of the apps.
    pub(crate) fn all(program: &Program, site: &Site) -> Result<Vec<Self>> {
        let rank = |registration: &RouterRegistration| {
            program.registry().apps().iter().position(|app| *app == registration.location.app())
        };
        let mut registrations: Vec<&'static RouterRegistration> = inventory::iter::<RouterRegistration>
            .into_iter()
            .filter(|registration| rank(registration).is_some())
            .collect();
        registrations.sort_by_key(|registration| {
            (rank(registration), registration.location.file, registration.location.line)
        });
        #[cfg(feature = "static")]
        let files = super::static_files::routes(program);
        #[cfg(not(feature = "static"))]
        let files = Vec::new();
        let files = files.into_iter().map(|(routes, location)| Ok(Self { routes, location }));
        let made = registrations.into_iter().map(|registration| {
            let RouterRegistration { make, prefix, location } = registration;
            let routes = make(site)
                .map_err(|error| error.context(format!("The routes of {location} cannot be made.")))?;
            let routes = match prefix {
                Some(prefix) => routes.below(prefix),
                None => routes,
            };
            Ok(Self { routes, location })
        });
        files.chain(made).collect()
    }

    /// Returns whether it has at least one route.
    #[cfg(debug_assertions)]
    pub(crate) fn has_routes(&self) -> bool {
        self.routes.router().has_routes()
    }

    fn app(&self) -> &'static str {
        self.location.app()
    }

    /// Returns where a route is registered. That of an axum `Router` is the function that returned it.
    fn place(&self, place: Option<&'static std::panic::Location<'static>>) -> String {
        match place {
            Some(place) => format!("{}:{}", place.file(), place.line()),
            None => self.location.to_string(),
        }
    }
}

/// Returns whether an app has routes.
pub(crate) fn has_routes(app: &str) -> bool {
    inventory::iter::<RouterRegistration>.into_iter().any(|registration| registration.location.app() == app)
}

/// Combines the routes of the program's apps; `None` if no app has any.
///
/// A request goes to the first app, in the order of the apps, that has a route for its path. So two apps may
/// have the same path without a conflict, and only the last app's fallback is used. `manage show_urls` lists
/// the routes. The first error of an app's function is returned, with the place of that function.
pub fn router(program: &Program, site: &Site) -> Result<Option<Router>> {
    Ok(combine(&AppRoutes::all(program, site)?))
}

/// Combines routes, the first of which take precedence.
pub(crate) fn combine(apps: &[AppRoutes]) -> Option<Router> {
    let mut all: Option<Router> = None;
    for app in apps.iter().rev() {
        let router = app.routes.router().clone();
        all = Some(match all {
            Some(rest) => router.fallback_service(rest),
            None => router,
        });
    }
    all
}

/// Returns whether an app has a route for this path.
pub(crate) fn claims(apps: &[AppRoutes], path: &str) -> bool {
    apps.iter().any(|app| ask::claim(app.routes.router(), path).is_some())
}

/// Returns whether the apps set a fallback themselves: the last app's is used. That of an axum `Router` is not
/// known.
#[cfg(debug_assertions)]
pub(crate) fn has_own_fallback(apps: &[AppRoutes]) -> bool {
    let is_own = |fallback: &Fallback| fallback.prefix.is_empty();
    apps.last().is_some_and(|app| app.routes.fallbacks().iter().any(is_own))
}
