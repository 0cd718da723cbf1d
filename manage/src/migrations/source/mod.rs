//! Where migrations come from: directories that are compiled into the program.

mod chosen;
mod dependencies;
#[cfg(any(feature = "runserver", feature = "schema", feature = "startapp"))]
mod directories;
pub(crate) mod error;
mod folders;
pub(crate) mod migrations;
pub(crate) mod registration;

#[cfg(feature = "schema")]
pub(crate) use directories::MigrationDirectories;
#[cfg(any(feature = "runserver", feature = "schema", feature = "startapp"))]
pub(crate) use directories::directories;
pub(crate) use error::SourceError;
pub(crate) use folders::FolderError;
#[cfg(feature = "lint")]
pub(in crate::migrations) use migrations::of_all_directories;
pub(crate) use migrations::{Entry, Migrations, Source};
pub(crate) use registration::{MigrationLimits, has_migrations};
#[cfg(feature = "schema")]
pub(in crate::migrations) use registration::{is_unwritten, version_of};
