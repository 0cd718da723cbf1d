//! Migrates one database, or one schema of it.

use std::time::Duration;

use super::arguments::{Options, Request};
use super::chosen::{app_and_target, migrations_of};
use crate::console::{Role, printable};
use crate::database::Connection;
use crate::isolation::{end_without_lock, owner};
use crate::migrations::{
    Answer, ApplyOptions, Direction, Fake, Lock, LockRequest, MigrationPlan, MigrationTarget, Migrations,
    Resume, Step, accept as accept_texts, apply_with, check_replaced, check_reversible, enter_schema, prune,
};
use crate::prelude::*;
use crate::render;

pub(super) fn migrate_one(cx: &Context, request: &Request, schema: Option<&str>) -> Result<Exit> {
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
