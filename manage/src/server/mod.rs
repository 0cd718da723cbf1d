//! What `manage runserver` runs: the apps' routes, served until a signal comes.
//!
//! In reading order: [`Site`] is what an app's routes are made with; `routes` puts the apps' routers together;
//! `address` reads `[ADDR:]PORT`; `serve` listens, serves and stops; `observed` notes how each request goes on and catches
//! panics; `access_log` writes a line for each.

mod access_log;
mod address;
mod observed;
mod routes;
mod serve;
mod site;

pub use address::{AddressError, ListenAddress};
pub use routes::{RouterRegistration, router};
pub use serve::{Listening, ServeOptions, listen, serve};
pub use site::Site;

pub(crate) use routes::has_routes;
