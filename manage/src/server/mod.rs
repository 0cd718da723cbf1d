//! The server of `manage serve` and `manage runserver`: serves the apps' routes until a signal arrives.
//!
//! An app registers its routes by [`#[manage::router]`](macro@crate::router); [`router`] returns those of all
//! apps, for tests and for a server of your own:
//!
//! ```
//! use manage::axum;
//! use manage::prelude::*;
//! use manage::server::{Site, router};
//!
//! async fn serve(cx: &Context, listener: tokio::net::TcpListener) -> Result<()> {
//!     let site = Site::new(cx.settings()?.clone());
//!     let routes = router(cx.program(), &site)?.context("no app has routes")?;
//!     let stop = cx.cancelled();
//!     // Without the limits for clients and the check of `Host` that `serve` has.
//!     axum::serve(listener, routes).with_graceful_shutdown(async { drop(stop.await) }).await?;
//!     Ok(())
//! }
//! ```
//!
//! In reading order: [`Site`] is the argument of a router function; `routes` combines the apps' routers;
//! `configure` reads the settings; `limits` are those for clients; `address` parses `[ADDR:]PORT`;
//! `listening` binds it, or takes a socket that was passed; `host` checks the
//! host of a request; `serve` serves and shuts down, which `draining` announces; `accept` counts connections; `observed` follows each request and catches panics; `client_timeout`
//! measures how long a client keeps the server waiting; `page` creates the server's own responses;
//! `access_log` writes a line for each request.

mod accept;
mod access_log;
mod address;
mod client_timeout;
mod configure;
mod draining;
mod host;
mod limits;
mod listening;
mod observed;
mod page;
pub(crate) mod routes;
mod serve;
mod site;

pub use routes::router;
pub use site::Site;

pub(crate) use address::{IpVersion, ListenAddress};
pub(crate) use configure::{development_hosts, listen_address, open, production_hosts};
pub(crate) use draining::Draining;
pub(crate) use host::AllowedHosts;
pub(crate) use limits::Limits;
pub(crate) use listening::Sharing;
pub(crate) use routes::has_routes;
pub(crate) use serve::{ServeOptions, serve};
