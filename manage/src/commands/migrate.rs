use std::time::Duration;

use crate::console::{Role, printable};
use crate::database::Connection;
use crate::interaction::Confirmation;
use crate::isolation::end_without_lock;
use crate::migrations::{
    Answer, ApplyOptions, Direction, Lock, MigrationPlan, MigrationTarget, Migrations, Resume, Step,
    accept as accept_texts, apply_with, check_replaced, check_reversible,
};
use crate::prelude::*;
use crate::render;

/// How to migrate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Give up after waiting this long for another process that migrates [default: wait until it is done]
    #[arg(long, value_name = "SECONDS")]
    lock_timeout: Option<u32>,
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
}

/// Bring a database's schema up to date
///
/// Migrations run under a lock: if several processes start at once, one migrates, and the others wait and
/// find nothing left to do. If a process was killed, the next one continues.
#[command]
pub(crate) fn migrate(
    cx: &mut Context,
    /// Apply up to this migration and revert those after it: a version, a name or its prefix, or `zero`
    #[arg(add = manage::completion::migrations())]
    target: Option<String>,
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
    #[command(flatten)] confirmation: Confirmation,
) -> Result<Exit> {
    let Options { lock_timeout, strict_order, accept, resume } = options;
    let settings = cx.database(&database)?.settings().clone();
    render::assumed_database(cx, &[&database], cx.skips_checks())?;
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else {
        return Err(render::no_migrations().into());
    };
    let opened = if plan || check {
        Connection::open_to_read(&settings).map(|connection| (connection, false))
    } else {
        Lock::open_connection(&settings)
    };
    let (mut connection, is_pooled) = opened.map_err(CommandError::from)?;
    let current = MigrationPlan::read(&mut connection, &migrations)?;
    let target = match &target {
        None => MigrationTarget::Latest,
        Some(text) => current.target(text).map_err(|error| render::target_error(cx, &error))?,
    };
    let version = |text: &str| current.version(text).map_err(|error| render::target_error(cx, &error));
    let accept = accept.iter().map(|text| version(text)).collect::<Result<Vec<String>>>()?;
    let answers = resume
        .iter()
        .map(|Resume { migration, answer }| Ok((version(migration)?, *answer)))
        .collect::<Result<Vec<(String, Answer)>>>()?;
    render::unknown_migrations(cx, &current)?;
    render::needless_answers(cx, &current, &answers)?;
    let steps = current.steps(&target);
    check_replaced(&steps).map_err(|error| render::migration_error(error.into()))?;
    if plan || check {
        render::edited_migrations(cx, &migrations, &current)?;
        render::planned_steps(cx, &migrations, &current, &steps)?;
        return Ok(if check && !steps.is_empty() { Exit::FAILURE } else { Exit::SUCCESS });
    }
    check_reversible(&migrations, &steps).map_err(|error| {
        CommandError::new(error.to_string()).hint("Write its down.sql, or choose a target after it.")
    })?;
    // As in Django there is no prompt elsewhere.
    if steps.iter().any(|step| step.direction == Direction::Revert) && cx.is_production()? {
        confirmation
            .ask(cx, "This reverts migrations and drops the tables and columns that they created.")?;
    }
    // With nothing to do there is nothing to lock; the directory of an SQLite file may be read-only.
    if steps.is_empty() && accept.is_empty() && answers.is_empty() {
        // The program does not stop for a file that was edited: it may not even be this database's task.
        render::edited_migrations(cx, &migrations, &current)?;
        heading(cx)?;
        return nothing_to_do(cx);
    }
    let cx = &*cx;
    let waiting = || {
        // A broken pipe is noticed at the next line.
        let _ = cx.notice("Another process is migrating this database; waiting for it to finish...");
    };
    let timeout = lock_timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let lost = end_without_lock(cx, "migrations");
    let lock = Lock::acquire(&mut connection, &settings, is_pooled, timeout, waiting, lost)
        .map_err(render::lock_error)?;
    let options = ApplyOptions { target, strict_order, answers };
    let taken = accepted(cx, &mut connection, &migrations, &accept)
        .and_then(|()| run(cx, &mut connection, &migrations, &options));
    // If that fails, so did the connection, and the lock ended with it.
    let _ = lock.release(&mut connection);
    if taken?.is_empty() { nothing_to_do(cx) } else { Ok(Exit::SUCCESS) }
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
