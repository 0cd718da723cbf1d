//! The arguments of `migrate`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::interaction::Confirmation;
use crate::migrations::{Fake, LimitOptions, MigrateRequest, Migrations, Resume};
#[cfg(feature = "lint")]
use crate::render;
use crate::settings::DatabaseSettings;

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Goal {
    /// The app to migrate; or, for all apps, the migration to go to, as the second argument
    #[arg(id = "first", value_name = "APP_LABEL|MIGRATION", add = manage::completion::apps_and_migrations())]
    pub(super) first: Option<String>,
    /// Apply up to this migration and revert those after it: a version, a name or its prefix, or `zero`
    #[arg(id = "second", value_name = "MIGRATION", add = manage::completion::migrations())]
    pub(super) second: Option<String>,
    /// The database to migrate
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    pub(super) database: String,
    /// Print the plan without running it
    #[arg(long)]
    pub(super) plan: bool,
    /// Exit with 1 if there is something to do, without doing it
    #[arg(long)]
    pub(super) check: bool,
    /// The program to exec after that
    #[arg(last = true, value_name = "CMD", conflicts_with = "plan", add = manage::completion::programs())]
    pub(super) program: Vec<OsString>,
}

/// How to migrate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Give up after waiting this long for another process that migrates [default: wait until it is done]
    #[arg(long, value_name = "SECONDS")]
    pub(super) lock_timeout: Option<u32>,
    /// How long a statement may wait for a lock on a table or a row before it is tried again; 0 for no limit
    /// [default: 5 on PostgreSQL, MySQL and MariaDB]
    #[arg(long, value_name = "SECONDS")]
    pub(super) table_lock_timeout: Option<u32>,
    /// How often to try a migration that waits too long for a lock
    #[arg(long, value_name = "NUMBER", default_value_t = LimitOptions::DEFAULT.table_lock_tries, value_parser = manage::clap::value_parser!(u32).range(1..))]
    pub(super) table_lock_tries: u32,
    /// Cancel a statement that runs longer than this; 0 for no limit [default: that of the database]
    #[arg(long, value_name = "SECONDS")]
    pub(super) statement_timeout: Option<u32>,
    /// Refuse to apply a migration that is older than an applied one of its app
    #[arg(long)]
    pub(super) strict_order: bool,
    /// Accept the text of a migration that was edited after it was applied (can be repeated)
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["plan", "check"], add = manage::completion::migrations())]
    pub(super) accept: Vec<String>,
    /// How to continue a migration if it is unclear whether a statement was done: `again` runs it, `done`
    /// skips it, `restart` begins with the first statement (can be repeated)
    #[arg(long, value_name = "VERSION=ANSWER", conflicts_with_all = ["plan", "check"])]
    pub(super) resume: Vec<Resume>,
    #[cfg(feature = "lint")]
    #[command(flatten)]
    pub(super) lint: Lint,
}

/// Looks for unsafe statements instead of migrating.
#[cfg(feature = "lint")]
#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// Report statements that are unsafe while the program is running, without opening a database; exit with 1
    /// if there are any
    #[arg(long, conflicts_with_all = [
        "first", "second", "program", "plan", "check", "accept", "resume", "strict_order", "fake", "fake_initial", "prune", "redo",
        "from_folder", "schema",
    ])]
    pub(super) lint: bool,
    /// The schema.rs of the running version: what it does not declare may be dropped
    #[cfg(feature = "schema")]
    #[arg(long, value_name = "FILE", requires = "lint", value_hint = clap::ValueHint::FilePath)]
    pub(super) previous_schema: Option<std::path::PathBuf>,
    /// Output format of --lint
    #[arg(long, value_enum, requires = "lint", default_value = "text")]
    pub(super) format: render::LintFormat,
}

impl Options {
    pub(super) fn limits(&self) -> LimitOptions {
        let Self { table_lock_timeout, table_lock_tries, statement_timeout, .. } = *self;
        LimitOptions { table_lock_timeout, table_lock_tries, statement_timeout }
    }
}

/// Which migrations are recorded, run again or taken from elsewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Modes {
    /// Record migrations as applied or unapplied without running them
    #[arg(long)]
    pub(super) fake: bool,
    /// Record the first migration of an app without running it if all tables that it creates exist
    #[arg(long, conflicts_with = "fake")]
    pub(super) fake_initial: bool,
    /// Remove the records of the app's migrations that no longer exist, and do nothing else
    #[arg(long, conflicts_with_all = ["plan", "check", "fake", "fake_initial", "redo", "accept", "resume"])]
    pub(super) prune: bool,
    /// Revert the last N applied migrations, of the app or of all, and apply them again [default: 1]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1",
        conflicts_with_all = ["fake", "fake_initial", "second"])]
    pub(super) redo: Option<std::num::NonZeroUsize>,
    /// Read the migrations from their directories instead of the program, or those of the app from DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_hint = clap::ValueHint::DirPath)]
    pub(super) from_folder: Option<Option<PathBuf>>,
    /// Migrate this schema of a PostgreSQL database, with its own records (can be repeated)
    #[arg(long, value_name = "NAME")]
    pub(super) schema: Vec<String>,
    /// For Django's users: refused, since every app with tables has migrations
    #[arg(long, hide = true)]
    pub(super) run_syncdb: bool,
}

impl Modes {
    /// Returns what is asked for, except what the two words name.
    pub(super) fn request(&self, options: &Options) -> MigrateRequest {
        let fake = match (self.fake, self.fake_initial) {
            (true, _) => Fake::All,
            (_, true) => Fake::Initial,
            _ => Fake::No,
        };
        let (accept, resume) = (options.accept.clone(), options.resume.clone());
        MigrateRequest { redo: self.redo, prune: self.prune, accept, resume, fake, ..Default::default() }
    }
}

/// What the command line asks for.
pub(super) struct Invocation {
    pub(super) settings: DatabaseSettings,
    pub(super) migrations: Migrations,
    pub(super) request: MigrateRequest,
    pub(super) plan: bool,
    pub(super) check: bool,
    pub(super) options: Options,
    pub(super) confirmation: Confirmation,
}
