//! Migrates one database, or one schema of it.

use std::time::Duration;

use super::arguments::{Invocation, Options};
use crate::console::{Role, printable};
use crate::database::{Connection, Pooling};
use crate::isolation::{end_without_lock, owner};
use crate::migrations::{
    ApplyOptions, Fake, Lock, LockRequest, MigrationPlan, Migrations, Step, accept as accept_texts,
    apply_with, check_replaced, check_reversible, enter_schema, prune,
};
use crate::prelude::*;
use crate::render;

pub(super) fn migrate_one(cx: &Context, invocation: &Invocation, schema: Option<&str>) -> Result<Exit> {
    let Invocation { settings, migrations, request, plan, check, options, confirmation } = invocation;
    let (plan, check) = (*plan, *check);
    let Options { lock_timeout, strict_order, .. } = *options;
    let owner = owner(cx, "migrate");
    let opened = if (plan || check) && schema.is_none() {
        Connection::open_to_read(settings).map(|connection| (connection, Pooling::Known(false)))
    } else {
        Lock::open_connection(settings, &owner)
    };
    let (mut connection, pooling) = opened.map_err(CommandError::from)?;
    if let Some(schema) = schema {
        enter_schema(&mut connection, &pooling, schema).map_err(render::schema_error)?;
    }
    let current = MigrationPlan::read(&mut connection, migrations)?;
    let resolved = request
        .resolve(&current, migrations)
        .map_err(|error| render::request_error(cx, "migrate", error.into()))?;
    render::unknown_migrations(cx, &current)?;
    render::needless_answers(cx, &current, &resolved.answers)?;
    check_replaced(&resolved.steps).map_err(|error| render::migration_error(error.into()))?;
    if plan || check {
        render::edited_migrations(cx, migrations, &current)?;
        // A check alone is for its exit code.
        if plan || cx.verbosity() >= 1 {
            render::planned_steps(cx, migrations, &current, &resolved.steps)?;
        }
        return Ok(if check && !resolved.steps.is_empty() { Exit::FAILURE } else { Exit::SUCCESS });
    }
    if request.fake != Fake::All {
        check_reversible(migrations, &resolved.steps)
            .map_err(|error| render::migration_error(error.into()))?;
    }
    // As in Django there is no prompt elsewhere.
    if resolved.reverts() && cx.is_production()? {
        confirmation
            .ask(cx, "This reverts migrations and drops the tables and columns that they created.")?;
    } else if request.prune && cx.is_production()? {
        confirmation.ask(cx, "This removes the records of migrations that this program does not have.")?;
    }
    // With nothing to do there is nothing to lock; the directory of an SQLite file may be read-only.
    if resolved.is_done() && !request.prune {
        // The program does not stop for a file that was edited: it may not even be this database's task.
        render::edited_migrations(cx, migrations, &current)?;
        render::migration_operations(cx, migrations, &current, &resolved.target)?;
        heading(cx)?;
        return nothing_to_do(cx);
    }
    // This takes a round trip.
    let is_pooled = pooling.is_pooled(&mut connection);
    let timeout = lock_timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let lock_request = LockRequest { owner: &owner, is_pooled, timeout };
    let waiting = |holder: Option<&_>| render::waiting_for_lock(cx, holder);
    let lost = end_without_lock(cx, "migrations");
    let lock =
        Lock::acquire(&mut connection, settings, lock_request, waiting, lost).map_err(render::lock_error)?;
    if let Some(app) = request.app.filter(|_| request.prune) {
        let pruned = prune(&mut connection, migrations, app);
        let _ = lock.release(&mut connection);
        render::pruned_migrations(cx, app, &pruned?)?;
        return Ok(Exit::SUCCESS);
    }
    let options = ApplyOptions {
        target: resolved.target,
        strict_order,
        answers: resolved.answers,
        fake: request.fake,
        limits: options.limits(),
        // From here on a signal ends the run in an orderly way.
        cancellation: cx.cancellation(),
        is_pooled,
    };
    let taken = accepted(cx, &mut connection, migrations, &resolved.accept)
        .and_then(|()| render::migration_operations(cx, migrations, &current, &options.target))
        .and_then(|()| run(cx, &mut connection, migrations, &options));
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
