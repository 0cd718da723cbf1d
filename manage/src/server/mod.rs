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
//! In reading order: [`Site`] is the argument of a router function; `routes` records and combines the apps'
//! routes; `configure` reads the settings, `limits` those for clients; `address` parses `[ADDR:]PORT`;
//! `listening` binds it, or takes a socket that was passed, and `occupant` says who has it; `serve` serves
//! and shuts down, as `phase` says, which `draining` announces; `accept` counts connections; `connection`
//! drives one, whose signals `quiet` polls, and `observed_io` is its socket; `observed` selects who answers
//! each request; `proxies` says who its client is, and `request_info` is what handlers see of it, with its
//! `request_id`; `host` checks its host; `request_body` limits its body; `answering` calls the routes and
//! catches panics, and `response_body` follows what they return; `health` answers `/healthz` and `/readyz`;
//! `client_timeout` measures how long a client keeps the server waiting, `handler_time` how long a handler
//! does; `page` creates the server's own responses; `access_log` follows an `exchange` until its response is
//! sent; `log` writes a line about it (`log_line`, `log_time`), through `log_buffer` in production, `events`
//! sends one to `tracing`; `forward` passes requests on to a newer process; `follow` lets a browser follow
//! the program, and `stand_in` answers while there is none. `metrics` counts requests, and
//! `serving_metrics` opens their address; `stream_timeout` ends
//! streams of HTTP/2 that nobody reads; `compression` compresses responses. `failure` is the error of a
//! handler, for which `failure_hints` finds causes, `db` its database; `pages` are those of `runserver`, in
//! builds with debug assertions; `static_files` are those of apps.
//!
//! The guide in the book: [Routes and the development server][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/routes.md

mod accept;
mod access_log;
mod address;
mod answering;
mod client_timeout;
mod compression;
mod configure;
mod connection;
mod db;
#[cfg(debug_assertions)]
mod document;
mod draining;
pub(crate) mod events;
mod exchange;
mod failure;
mod failure_hints;
mod follow;
#[cfg(feature = "reload")]
mod forward;
mod handler_time;
mod health;
mod host;
mod limits;
mod listening;
mod log;
mod log_buffer;
mod log_line;
mod log_time;
mod metrics;
mod observed;
mod observed_io;
mod occupant;
mod page;
#[cfg(debug_assertions)]
pub(crate) mod pages;
mod phase;
mod proxies;
mod quiet;
mod request_body;
mod request_id;
mod request_info;
mod response_body;
pub(crate) mod routes;
mod serve;
mod serving_metrics;
mod site;
#[cfg(debug_assertions)]
mod stand_in;
#[cfg(feature = "static")]
pub(crate) mod static_files;
mod stream_timeout;

pub use db::Db;
pub use failure::HandlerError;
#[cfg(feature = "testing")]
pub(crate) use failure::failed;
pub use request_info::RequestInfo;
pub use routes::{IntoRoutes, Routes, router};
pub use site::Site;
#[cfg(feature = "static")]
pub use static_files::static_url;

pub(crate) use address::{IpVersion, ListenAddress};
pub(crate) use compression::compressed;
pub(crate) use configure::{development_hosts, listen_address, open, production_hosts, site_origin};
pub(crate) use follow::{Following, with_script};
pub(crate) use host::AllowedHosts;
pub(crate) use limits::Limits;
pub(crate) use listening::{Listening, Sharing};
pub(crate) use log::{Log, LogFormat};
pub(crate) use phase::phases;
pub(crate) use routes::{AppRoutes, ListedRoute, all_paths, combine, has_routes};
pub(crate) use serve::{ServeOptions, serve};
pub(crate) use serving_metrics::serve_metrics;
#[cfg(debug_assertions)]
pub(crate) use stand_in::StandInServer;
