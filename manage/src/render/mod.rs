//! How the results of the domain modules are reported: as text, or as JSON.
//!
//! The domain modules do not depend on it; a command passes their results to it, or uses its observer.

mod checks;
mod database;
mod errors;
mod help;
#[cfg(feature = "lint")]
mod lint;
#[cfg(feature = "schema")]
mod makemigrations;
mod migrations;
mod reference;
mod reload;
#[cfg(feature = "runserver")]
mod routes;
mod server_error;
#[cfg(feature = "runserver")]
mod serving;
#[cfg(feature = "schema")]
mod squashmigrations;
mod waiting;
mod wrap;

pub(crate) use checks::{checks, issues, tags};
pub(crate) use database::assumed_database;
pub(crate) use errors::{Occasion, failure};
pub(crate) use help::{help_of, listing, names};
#[cfg(feature = "lint")]
pub(crate) use lint::{LintFormat, lint};
#[cfg(feature = "schema")]
pub(crate) use makemigrations::{
    ask_for_default, changes, changes_error, check_source, diff_error, migration_files, migration_notes,
    migration_paths, migrations_of, new_migration_error, undeclared_tables,
};
pub(crate) use migrations::{
    MigrationLines, each_schema, edited_migrations, lock_error, migration_error, migration_json,
    migration_list, migration_object, migration_operations, migration_order, migration_source,
    needless_answers, no_migrations, planned_steps, pruned_migrations, request_error, schema_error,
    schema_objects, statement_limit, target_error, unapplied, unknown_app, unknown_migrations,
    waiting_for_lock,
};
pub(crate) use reference::{Form, Reference};
#[cfg(feature = "runserver")]
pub(crate) use reload::ReloadReport;
#[cfg(feature = "runserver")]
pub(crate) use routes::routes;
pub(crate) use server_error::lines as server_error_lines;
#[cfg(all(feature = "runserver", debug_assertions))]
pub(crate) use serving::page_facts;
#[cfg(feature = "runserver")]
pub(crate) use serving::{ServerLogFormat, aborted, checks_before_serving, error_text, server_log};
#[cfg(feature = "schema")]
pub(crate) use squashmigrations::{squash_error, squashed, squashed_files, squashed_next};
pub(crate) use waiting::{Format, WaitReport};
