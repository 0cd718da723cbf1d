//! The routes of all apps, as one router.

use axum::Router;

use super::Site;
use crate::command::{Location, Program};
use crate::error::Result;

/// A function that creates an app's routes.
type MakeRouter = fn(&Site) -> Result<Router>;

/// The registration of `#[manage::router]`.
pub struct RouterRegistration {
    make: MakeRouter,
    location: Location,
}

impl RouterRegistration {
    #[doc(hidden)]
    pub const fn new(make: MakeRouter, module_path: &'static str, file: &'static str, line: u32) -> Self {
        Self { make, location: Location::new(module_path, file, line) }
    }
}

inventory::collect!(RouterRegistration);

/// Returns whether an app has routes.
pub(crate) fn has_routes(app: &str) -> bool {
    inventory::iter::<RouterRegistration>.into_iter().any(|registration| registration.location.app() == app)
}

/// Combines the routes of the program's apps; `None` if no app has any.
///
/// A request goes to the first app, in the order of the apps, that has a route for its path. So two apps may
/// have the same path without a conflict, and only the last app's fallback is used.
pub fn router(program: &Program, site: &Site) -> Result<Option<Router>> {
    let rank = |registration: &RouterRegistration| {
        program.registry().apps().iter().position(|app| *app == registration.location.app())
    };
    let mut registrations: Vec<&RouterRegistration> = inventory::iter::<RouterRegistration>
        .into_iter()
        .filter(|registration| rank(registration).is_some())
        .collect();
    registrations.sort_by_key(|registration| {
        (rank(registration), registration.location.file, registration.location.line)
    });
    let mut all: Option<Router> = None;
    for registration in registrations.into_iter().rev() {
        let router = (registration.make)(site).map_err(|error| {
            error.context(format!("The routes of {} cannot be made.", registration.location))
        })?;
        all = Some(match all {
            Some(rest) => router.fallback_service(rest),
            None => router,
        });
    }
    Ok(all)
}
