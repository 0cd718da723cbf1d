use std::path::PathBuf;
use std::time::Duration;

use crate::console::{Role, printable};
use crate::database::Connection;
use crate::interaction::Confirmation;
use crate::isolation::{end_without_lock, owner};
#[cfg(feature = "lint")]
use crate::migrations::lint::{LintOptions, has_any_migrations, lint as lint_migrations};
use crate::migrations::{
    Answer, ApplyOptions, Direction, Fake, LimitOptions, Lock, LockRequest, MigrationPlan, MigrationTarget,
    Migrations, Resume, Source, Step, accept as accept_texts, apply_with, check_replaced, check_reversible,
    enter_schema, prune,
};
use crate::prelude::*;
use crate::render;
use crate::settings::{Backend, DatabaseSettings};

/// How to migrate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Give up after waiting this long for another process that migrates [default: wait until it is done]
    #[arg(long, value_name = "SECONDS")]
    lock_timeout: Option<u32>,
    /// How long a statement may wait for a lock on a table or a row before it is tried again; 0 for no limit
    /// [default: 5 on PostgreSQL, MySQL and MariaDB]
    #[arg(long, value_name = "SECONDS")]
    table_lock_timeout: Option<u32>,
    /// How often to try a migration that waits too long for a lock
    #[arg(long, value_name = "NUMBER", default_value_t = LimitOptions::DEFAULT.table_lock_tries, value_parser = manage::clap::value_parser!(u32).range(1..))]
    table_lock_tries: u32,
    /// Cancel a statement that runs longer than this; 0 for no limit [default: that of the database]
    #[arg(long, value_name = "SECONDS")]
    statement_timeout: Option<u32>,
    /// Refuse to apply a migration that is older than an applied one
    #[arg(long)]
    strict_order: bool,
    /// Accept the text of a migration that was edited after it was applied (can be repeated)
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["plan", "check"], add = manage::completion::migrations())]
    accept: Vec<String>,
    /// How to continue a migration if it is unclear whether a statement was done: `again` runs it, `done`
    /// skips it, `restart` begins with the first statement (can be repeated)
    #[arg(long, value_name = "VERSION=ANSWER", conflicts_with_all = ["plan", "check"])]
    resume: Vec<Resume>,
    #[cfg(feature = "lint")]
    #[command(flatten)]
    lint: Lint,
}

/// Looks for unsafe statements instead of migrating.
#[cfg(feature = "lint")]
#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// Report statements that are unsafe while the program is running, without opening a database; exit with 1
    /// if there are any
    #[arg(long, conflicts_with_all = [
        "first", "second", "plan", "check", "accept", "resume", "strict_order", "fake", "fake_initial", "prune", "redo",
        "from_folder", "schema",
    ])]
    lint: bool,
    /// The schema.rs of the running version: what it does not declare may be dropped
    #[cfg(feature = "schema")]
    #[arg(long, value_name = "FILE", requires = "lint", value_hint = clap::ValueHint::FilePath)]
    previous_schema: Option<std::path::PathBuf>,
    /// Output format of --lint
    #[arg(long, value_enum, requires = "lint", default_value = "text")]
    format: render::LintFormat,
}

impl Options {
    fn limits(&self) -> LimitOptions {
        let Self { table_lock_timeout, table_lock_tries, statement_timeout, .. } = *self;
        LimitOptions { table_lock_timeout, table_lock_tries, statement_timeout }
    }
}

/// Which migrations are recorded, run again or taken from elsewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Modes {
    /// Record migrations as applied or unapplied without running them
    #[arg(long)]
    fake: bool,
    /// Record the first migration of an app without running it if all tables that it creates exist
    #[arg(long, conflicts_with = "fake")]
    fake_initial: bool,
    /// Remove the records of the app's migrations that no longer exist, and do nothing else
    #[arg(long, conflicts_with_all = ["plan", "check", "fake", "fake_initial", "redo", "accept", "resume"])]
    prune: bool,
    /// Revert the last N applied migrations, of the app or of all, and apply them again [default: 1]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1",
        conflicts_with_all = ["fake", "fake_initial", "second"])]
    redo: Option<std::num::NonZeroUsize>,
    /// Read the migrations from their directories instead of the program, or those of the app from DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_hint = clap::ValueHint::DirPath)]
    from_folder: Option<Option<PathBuf>>,
    /// Migrate this schema of a PostgreSQL database, with its own records (can be repeated)
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// For Django's users: refused, since every app with tables has migrations
    #[arg(long, hide = true)]
    run_syncdb: bool,
}

/// Bring a database's schema up to date
///
/// Migrations run under a lock: if several processes start at once, one migrates, and the others wait and
/// find nothing left to do. If a process was killed, the next one continues.
#[command]
pub(crate) fn migrate(
    cx: &mut Context,
    /// The app to migrate; or, for all apps, the migration to go to, as the second argument
    #[arg(id = "first", value_name = "APP_LABEL|MIGRATION", add = manage::completion::apps_and_migrations())]
    first: Option<String>,
    /// Apply up to this migration and revert those after it: a version, a name or its prefix, or `zero`
    #[arg(id = "second", value_name = "MIGRATION", add = manage::completion::migrations())]
    second: Option<String>,
    /// The database to migrate
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    /// Print the plan without running it
    #[arg(long)]
    plan: bool,
    /// Exit with 1 if there is something to do, without doing it
    #[arg(long)]
    check: bool,
    #[command(flatten)] options: Options,
    #[command(flatten)] modes: Modes,
    #[command(flatten)] confirmation: Confirmation,
) -> Result<Exit> {
    if modes.run_syncdb {
        let text = "--run-syncdb has nothing to do: every app whose tables could be created has migrations.";
        return Err(CommandError::new(text).hint("Run `migrate` without it.").into());
    }
    let settings = cx.database(&database)?.settings().clone();
    #[cfg(feature = "lint")]
    if options.lint.lint {
        return lint(cx, settings.backend, &options.lint);
    }
    render::statement_limit(&settings, options.statement_timeout)?;
    render::assumed_database(cx, &[&database], cx.skips_checks())?;
    let request = Request { settings, first, second, plan, check, options, modes, confirmation };
    let schemas = unique(&request.modes.schema);
    if schemas.is_empty() {
        return migrate_one(cx, &request, None);
    }
    if request.settings.backend != Backend::Postgres {
        let text = "--schema is for PostgreSQL: on other databases a schema is a database of its own.";
        return Err(CommandError::new(text).hint("Name the database with --database.").into());
    }
    let mut failed = Vec::new();
    let mut exit = Exit::SUCCESS;
    for (index, schema) in schemas.iter().enumerate() {
        cx.check_cancelled()?;
        render::schema_heading(cx, index + 1, schemas.len(), schema)?;
        match migrate_one(cx, &request, Some(schema)) {
            Ok(Exit::SUCCESS) => {}
            Ok(other) => exit = other,
            Err(error) => {
                cx.check_cancelled()?;
                // A failure of one does not stop the others.
                exit = render::schema_failure(cx, &error);
                failed.push(*schema);
            }
        }
    }
    if !failed.is_empty() || !(plan || check) {
        render::schema_summary(cx, schemas.len(), &failed)?;
    }
    Ok(exit)
}

/// Returns the names without those that are repeated.
fn unique(names: &[String]) -> Vec<&str> {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(&name.as_str()) {
            unique.push(name);
        }
    }
    unique
}

/// What the command line asks for.
struct Request {
    settings: DatabaseSettings,
    first: Option<String>,
    second: Option<String>,
    plan: bool,
    check: bool,
    options: Options,
    modes: Modes,
    confirmation: Confirmation,
}

fn migrate_one(cx: &Context, request: &Request, schema: Option<&str>) -> Result<Exit> {
    let Request { settings, first, second, plan, check, options, modes, confirmation } = request;
    let (plan, check, first, second) = (*plan, *check, first.clone(), second.clone());
    let Options { lock_timeout, strict_order, accept, resume, .. } = options;
    let Some(migrations) = migrations_of(cx, request)? else {
        return Err(render::no_migrations().into());
    };
    let (app, text) = app_and_target(cx, &migrations, first, second, modes)?;
    let owner = owner(cx, "migrate");
    let opened = if (plan || check) && schema.is_none() {
        Connection::open_to_read(settings).map(|connection| (connection, false))
    } else {
        Lock::open_connection(settings, &owner)
    };
    let (mut connection, is_pooled) = opened.map_err(CommandError::from)?;
    if let Some(schema) = schema {
        enter_schema(&mut connection, is_pooled, schema).map_err(render::schema_error)?;
    }
    let current = MigrationPlan::read(&mut connection, &migrations)?;
    let target = match (app, text.as_deref(), modes.redo) {
        (app, _, Some(count)) => Ok(current.again(app, count.get())),
        (Some(app), text, None) => current.app_target(app, text),
        (None, None, None) => Ok(MigrationTarget::Latest),
        (None, Some(text), None) => current.target(text),
    };
    let target = target.map_err(|error| {
        let text = text.as_deref().unwrap_or_default();
        match app {
            Some(_) => render::target_error(cx, &error),
            None => render::unknown_target(cx, &migrations, text, &error),
        }
    })?;
    let version = |text: &str| current.version(text).map_err(|error| render::target_error(cx, &error));
    let accept = accept.iter().map(|text| version(text)).collect::<Result<Vec<String>>>()?;
    let answers = resume
        .iter()
        .map(|Resume { migration, answer }| Ok((version(migration)?, *answer)))
        .collect::<Result<Vec<(String, Answer)>>>()?;
    render::unknown_migrations(cx, &current)?;
    render::needless_answers(cx, &current, &answers)?;
    let fake = match (modes.fake, modes.fake_initial) {
        (true, _) => Fake::All,
        (_, true) => Fake::Initial,
        _ => Fake::No,
    };
    let steps = current.steps(&target);
    check_replaced(&steps).map_err(|error| render::migration_error(error.into()))?;
    if plan || check {
        render::edited_migrations(cx, &migrations, &current)?;
        // A check alone is for its exit code.
        if plan || cx.verbosity() >= 1 {
            render::planned_steps(cx, &migrations, &current, &steps)?;
        }
        return Ok(if check && !steps.is_empty() { Exit::FAILURE } else { Exit::SUCCESS });
    }
    if fake != Fake::All {
        check_reversible(&migrations, &steps).map_err(|error| {
            CommandError::new(error.to_string()).hint("Write its down.sql, or choose a target after it.")
        })?;
    }
    // As in Django there is no prompt elsewhere.
    if steps.iter().any(|step| step.direction == Direction::Revert) && cx.is_production()? {
        confirmation
            .ask(cx, "This reverts migrations and drops the tables and columns that they created.")?;
    } else if modes.prune && cx.is_production()? {
        confirmation.ask(cx, "This removes the records of migrations that this program does not have.")?;
    }
    // With nothing to do there is nothing to lock; the directory of an SQLite file may be read-only.
    if steps.is_empty() && accept.is_empty() && answers.is_empty() && !modes.prune {
        // The program does not stop for a file that was edited: it may not even be this database's task.
        render::edited_migrations(cx, &migrations, &current)?;
        render::migration_operations(cx, &migrations, &current, &target)?;
        heading(cx)?;
        return nothing_to_do(cx);
    }
    let timeout = lock_timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let request = LockRequest { owner: &owner, is_pooled, timeout };
    let waiting = |holder: Option<&_>| render::waiting_for_lock(cx, holder);
    let lost = end_without_lock(cx, "migrations");
    let lock =
        Lock::acquire(&mut connection, settings, request, waiting, lost).map_err(render::lock_error)?;
    if let Some(app) = app.filter(|_| modes.prune) {
        let pruned = prune(&mut connection, &migrations, app);
        let _ = lock.release(&mut connection);
        render::pruned_migrations(cx, app, &pruned?)?;
        return Ok(Exit::SUCCESS);
    }
    let limits = options.limits();
    // From here on a signal ends the run in an orderly way.
    let cancellation = cx.cancellation();
    let strict_order = *strict_order;
    let options = ApplyOptions { target, strict_order, answers, fake, limits, cancellation, is_pooled };
    let taken = accepted(cx, &mut connection, &migrations, &accept)
        .and_then(|()| render::migration_operations(cx, &migrations, &current, &options.target))
        .and_then(|()| run(cx, &mut connection, &migrations, &options));
    // If that fails, so did the connection, and the lock ended with it.
    let _ = lock.release(&mut connection);
    if taken?.is_empty() { nothing_to_do(cx) } else { Ok(Exit::SUCCESS) }
}

/// Returns the migrations, and prints where they come from if that is not the program.
fn migrations_of(cx: &Context, request: &Request) -> Result<Option<Migrations>> {
    let backend = request.settings.backend;
    let source = match &request.modes.from_folder {
        None => return Ok(Migrations::of_program(cx.program(), backend)?),
        Some(None) => Source::Folders,
        Some(Some(folder)) => match &request.first {
            Some(app) => Source::Folder(app, folder),
            None => {
                return Err(CommandError::new(
                    "A directory has the migrations of one app, and none is named.",
                )
                .hint("Name the app: `migrate APP_LABEL --from-folder=DIR`.")
                .into());
            }
        },
    };
    if let (Source::Folder(label, _), Some(embedded)) =
        (&source, Migrations::of_program(cx.program(), backend)?)
        && !embedded.apps().contains(label)
    {
        return Err(render::unknown_app(cx, &embedded, label));
    }
    render::migration_source(cx, &source)?;
    Migrations::of_source(cx.program(), backend, &source)
}

/// Returns the app and the migration that the arguments name. A single word that is an app's label is the app,
/// even if a migration has the same name.
fn app_and_target(
    cx: &Context,
    migrations: &Migrations,
    first: Option<String>,
    second: Option<String>,
    modes: &Modes,
) -> Result<(Option<&'static str>, Option<String>)> {
    let installed = cx.program().registry().apps();
    let with_migrations = migrations.apps();
    let app = |label: &str| with_migrations.iter().copied().find(|app| *app == label);
    let known = |label: &str| app(label).ok_or_else(|| render::unknown_app(cx, migrations, label));
    match (first, second) {
        (None, _) if modes.prune => {
            Err(CommandError::new("Migrations can be pruned only when an app is specified.")
                .hint("Name the app: `migrate APP_LABEL --prune`.")
                .into())
        }
        (None, _) => Ok((None, None)),
        (Some(_), Some(_)) if modes.prune => {
            Err(CommandError::new("--prune takes an app, and no migration.").into())
        }
        (Some(label), Some(text)) => Ok((Some(known(&label)?), Some(text))),
        (Some(word), None) => match app(&word) {
            Some(app) => Ok((Some(app), None)),
            // A migration may be meant, except where only an app can be.
            None if modes.prune || modes.redo.is_some() || installed.contains(&word.as_str()) => {
                known(&word).map(|app| (Some(app), None))
            }
            None => Ok((None, Some(word))),
        },
    }
}

#[cfg(feature = "lint")]
fn lint(cx: &Context, backend: crate::settings::Backend, arguments: &Lint) -> Result<Exit> {
    if !has_any_migrations(cx.program()) {
        return Err(render::no_migrations().into());
    }
    #[cfg_attr(not(feature = "schema"), expect(unused_mut, reason = "only a schema.rs changes them"))]
    let mut options = LintOptions::of_settings(&cx.settings()?.migrations);
    #[cfg(feature = "schema")]
    if let Some(path) = &arguments.previous_schema {
        let path = cx.source().environment.base().join(path);
        let schema = crate::introspection::released_schema(&path).map_err(|message| {
            CommandError::new(message)
                .hint("Pass the file of the running version, for example from `git show v1.2:src/schema.rs`.")
        })?;
        options.released = Some(schema);
    }
    render::lint(cx, &lint_migrations(cx.program(), backend, &options), arguments.format)
}

fn nothing_to_do(cx: &Context) -> Result<Exit> {
    if cx.verbosity() >= 1 {
        cx.line("  No migrations to apply.")?;
    }
    Ok(Exit::SUCCESS)
}

fn accepted(
    cx: &Context,
    connection: &mut Connection,
    migrations: &Migrations,
    versions: &[String],
) -> Result<()> {
    for name in accept_texts(connection, migrations, versions)? {
        if cx.verbosity() >= 1 {
            cx.line(format_args!("Accepted the text of {}.", printable(&name)))?;
        }
    }
    Ok(())
}

fn run(
    cx: &Context,
    connection: &mut Connection,
    migrations: &Migrations,
    options: &ApplyOptions,
) -> Result<Vec<Step>> {
    heading(cx)?;
    let mut lines = render::MigrationLines::new(cx);
    let taken = apply_with(connection, migrations, options, &mut lines);
    if taken.is_err() {
        // The line of the step that failed is still open.
        let _ = lines.end("");
    }
    taken.map_err(render::migration_error)
}

fn heading(cx: &Context) -> Result<()> {
    if cx.verbosity() >= 1 {
        cx.line(cx.out().style(Role::MigrateHeading, "Running migrations:"))?;
    }
    Ok(())
}
