//! The static files of apps: from the directory in development, from the program in a build without debug
//! assertions.
//!
//! `registration` is what [`manage::static_files!`](crate::static_files) registers; `url` makes URLs with the
//! hash of the content; `service` answers requests; `backend` gives tower-http's `ServeDir` the files of
//! rust-embed, so that no file outside of the directory can be named.

mod backend;
pub(crate) mod registration;
mod service;
mod url;

pub(crate) use service::routes;

/// Returns the directories from which files are read for each request: none in a program that contains them.
pub(crate) fn directories() -> Vec<std::path::PathBuf> {
    registration::StaticRegistration::directories()
}

pub use url::static_url;
