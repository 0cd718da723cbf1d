//! The tables of a database, and `schema.rs`: what `inspectdb` and `makemigrations` write.
//!
//! The text is that of `diesel print-schema`, and the settings are those of `diesel.toml`. This module depends
//! neither on the command line nor on printing.

mod changes;
mod column_type;
mod declared;
mod diesel_toml;
mod diff;
mod lost;
mod make;
mod model;
mod names;
mod options;
mod read;
#[cfg(feature = "lint")]
mod released;
mod rust_types;
mod schema_rs;
mod structs;

pub(crate) use changes::{AppChanges, AppSource, Changes, ChangesError, Request, changes};
pub(crate) use diesel_toml::{DieselToml, DieselTomlError};
pub(crate) use diff::{DiffError, Required};
pub(crate) use make::{Made, parse_defaults, unapplied, unnoticed, unused_default, without_newly_made};
pub(crate) use model::Tables;
pub(crate) use options::{PrintSchema, TableFilter};
pub(crate) use read::{ReadError, read};
#[cfg(feature = "lint")]
pub(crate) use released::released_schema;
pub(crate) use schema_rs::{SchemaText, write};
pub(crate) use structs::write as write_structs;
