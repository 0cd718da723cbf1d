//! Diesel's migrations: which exist, which are applied, and how to apply them in one process at a time.
//!
//! The table is Diesel's own, so `diesel migration run` and `manage migrate` are compatible. This module
//! depends neither on the command line nor on printing. [`migrations!`](crate::migrations!) registers an
//! app's migrations. Code applies them with `cx.call("migrate")`, which takes the lock. This module reports
//! the unapplied ones:
//!
//! ```
//! use manage::migrations;
//! use manage::prelude::*;
//!
//! fn check_migrated(cx: &Context) -> Result<()> {
//!     let missing = migrations::unapplied(cx.program(), cx.database("default")?.settings())?;
//!     ensure!(missing.is_empty(), "{} migrations are not applied", missing.len());
//!     Ok(())
//! }
//! ```
//!
//! The guide in the book: [Migrations][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/migrations.md

mod failed_query;
mod journal;
#[cfg(feature = "lint")]
pub(crate) mod lint;
pub(crate) mod lock;
pub(crate) mod plan;
mod prune;
mod request;
pub(crate) mod run;
mod schema;
mod script;
pub(crate) mod source;
mod sql;
#[cfg(feature = "schema")]
mod squash;
mod unapplied;

pub(crate) use failed_query::{may_lack_migrations, unapplied_hint};
pub(crate) use lock::{Lock, LockError, LockRequest};
pub(crate) use plan::{
    Direction, MigrationPlan, MigrationTarget, PlannedMigration, PlannedStep, TargetError,
};
pub(crate) use prune::{Pruned, prune};
pub(crate) use request::{MigrateRequest, RequestError};
#[cfg(feature = "testing")]
pub(crate) use run::apply::apply;
pub(crate) use run::{
    AcceptError, Answer, ApplyOptions, EditedError, Fake, IrreversibleError, LimitOptions, MigrationObserver,
    OrderError, PartlyReplacedError, Resume, ResumeError, StatementError, Step, StepError, StepEvent,
    StoppedError, UnclearStatement, accept, apply_with, check_replaced, check_reversible,
};
pub(crate) use schema::{SchemaError, distinct_schemas, enter_schema, read_plan};
#[cfg(feature = "schema")]
pub(crate) use source::MigrationDirectories;
#[cfg(any(feature = "runserver", feature = "schema", feature = "startapp"))]
pub(crate) use source::directories;
pub(crate) use source::{FolderError, Migrations, Source, SourceError, has_migrations};
pub(crate) use sql::{MigrationSql, SqlError};
#[cfg(feature = "schema")]
pub(crate) use squash::{Range, SquashError, Squashed, squash};
pub use unapplied::unapplied;
#[cfg(all(debug_assertions, feature = "runserver"))]
pub(crate) use unapplied::unapplied_migrations;
