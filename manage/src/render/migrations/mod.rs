//! Migrations: the plan, what does not fit together, why a run failed, and a warning before other commands.

mod apps;
mod failed;
mod listed;
mod operations;
mod planned;
mod progress;
mod schemas;
mod unapplied;

pub(crate) use apps::{request_error, unknown_app};
pub(crate) use failed::{
    ask_about, lock_error, migration_error, no_migrations, statement_limit, target_error, waiting_for_lock,
};
pub(crate) use listed::{migration_json, migration_list, migration_object, migration_order, schema_objects};
pub(crate) use operations::{migration_operations, pruned_migrations};
pub(crate) use planned::{edited_migrations, needless_answers, planned_steps, unknown_migrations};
pub(crate) use progress::MigrationLines;
pub(crate) use schemas::{each_schema, migration_source, schema_error};
pub(crate) use unapplied::unapplied;
