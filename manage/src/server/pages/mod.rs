//! The pages of `manage runserver`: why a request failed, which routes exist, which migrations are missing.
//!
//! They show source code and settings, so they exist only in builds with debug assertions, only in
//! `runserver`, not with `MANAGE_ENV=production`, and only for hosts that are allowed by name or are this
//! machine.
//!
//! `middleware` decides which page answers; `facts` is what the pages know; `layout` is common to all of them;
//! one file for each page; `shown_request` and `source` select what a page may show; `guard` protects the
//! button that applies migrations.

mod facts;
mod failed;
mod guard;
mod layout;
mod middleware;
mod migrations;
mod not_found;
mod overview;
mod shown_request;
mod source;
mod welcome;

pub(crate) use facts::{CheckLine, Facts};
pub(crate) use middleware::wrap;
