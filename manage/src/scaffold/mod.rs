//! Writes new files into a project: what `startapp`, `startcommand`, `startdeploy` and `makemigrations` do.

#[cfg(feature = "startapp")]
pub(crate) mod app;
mod build_script;
pub(crate) mod command;
#[cfg(feature = "runserver")]
pub(crate) mod deploy;
#[cfg(any(feature = "runserver", feature = "startapp"))]
mod metadata;
#[cfg(feature = "schema")]
mod migration;

#[cfg(feature = "schema")]
pub(crate) use build_script::unnoticed_in;
pub(crate) use build_script::{LINE, unnoticed};
pub(crate) use command::{ScaffoldError, write_command};
#[cfg(feature = "schema")]
pub(crate) use migration::{
    MigrationError, NewMigration, check_migration_name, migration_name, versions, write_migrations,
};
