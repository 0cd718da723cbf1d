//! Where migrations come from: directories that are compiled into the program.

pub(crate) mod error;
pub(crate) mod migrations;
pub(crate) mod registration;

pub(crate) use error::SourceError;
pub(crate) use migrations::{Entry, Migrations};
pub(crate) use registration::has_migrations;
