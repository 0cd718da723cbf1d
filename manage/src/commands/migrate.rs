use std::time::Duration;

use crate::console::{Role, printable, printable_lines};
use crate::database::Connection;
use crate::interaction::Confirmation;
use crate::isolation::end_without_lock;
use crate::migrations::{
    Direction, Lock, LockError, MigrationPlan, MigrationTarget, Migrations, PlannedMigration, Step,
    StepError, StepEvent, apply,
};
use crate::prelude::*;
use crate::render;

/// Bring a database's schema up to date
///
/// Migrations run under a lock: if several processes start at once, one migrates, and the others wait and
/// find nothing left to do.
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
    /// Give up after waiting this long for another process that migrates [default: wait until it is done]
    #[arg(long, value_name = "SECONDS")]
    lock_timeout: Option<u32>,
    #[command(flatten)] confirmation: Confirmation,
) -> Result<Exit> {
    let settings = cx.database(&database)?.settings().clone();
    render::assumed_database(cx, &[&database], cx.skips_checks())?;
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else {
        return Err(CommandError::new("No app has migrations.")
            .hint("Write `manage::migrations!(\"migrations\");` in the app's lib.rs.")
            .into());
    };
    let opened = if plan || check {
        Connection::open_to_read(&settings).map(|connection| (connection, false))
    } else {
        Lock::open_connection(&settings)
    };
    let (mut connection, is_pooled) = opened.map_err(CommandError::from)?;
    let current = MigrationPlan::read(&mut connection, &migrations)?;
    let target = match target {
        None => MigrationTarget::Latest,
        Some(text) => current.target(&text).map_err(|error| {
            let hint = format!("See `{} showmigrations`.", cx.program().name());
            CommandError::new(error.to_string()).hint(hint)
        })?,
    };
    if plan || check {
        let steps = current.steps(&target);
        show_plan(cx, &migrations, &steps)?;
        return Ok(if check && !steps.is_empty() { Exit::FAILURE } else { Exit::SUCCESS });
    }
    current.check_reversible(&migrations, &target).map_err(|error| {
        CommandError::new(error.to_string()).hint("Write its down.sql, or choose a target after it.")
    })?;
    // As in Django there is no prompt elsewhere.
    if current.steps(&target).iter().any(|(direction, _)| *direction == Direction::Revert)
        && cx.is_production()?
    {
        confirmation
            .ask(cx, "This reverts migrations and drops the tables and columns that they created.")?;
    }
    let timeout = lock_timeout.map(|seconds| Duration::from_secs(seconds.into()));
    // With nothing to do there is nothing to lock; the directory of an SQLite file may be read-only.
    let taken = if current.steps(&target).is_empty() {
        heading(cx)?;
        Vec::new()
    } else {
        let cx = &*cx;
        let waiting = || {
            // A broken pipe is noticed at the next line.
            let _ = cx.notice("Another process is migrating this database; waiting for it to finish...");
        };
        let lock = Lock::acquire(
            &mut connection,
            &settings,
            is_pooled,
            timeout,
            waiting,
            end_without_lock(cx, "migrations"),
        )
        .map_err(lock_error)?;
        let taken = run(cx, &mut connection, &migrations, &target);
        // If that fails, so did the connection, and the lock ended with it.
        let _ = lock.release(&mut connection);
        taken?
    };
    if taken.is_empty() && cx.verbosity() >= 1 {
        cx.line("  No migrations to apply.")?;
    }
    Ok(Exit::SUCCESS)
}

fn run(
    cx: &Context,
    connection: &mut Connection,
    migrations: &Migrations,
    target: &MigrationTarget,
) -> Result<Vec<Step>> {
    let out = cx.out();
    heading(cx)?;
    apply(connection, migrations, target, |progress, step| {
        if let StepEvent::Warning(text) = progress {
            return cx.warning(printable_lines(&format!("Warning: {text}")));
        }
        if cx.verbosity() == 0 {
            return Ok(());
        }
        let verb = match step.direction {
            Direction::Apply => "Applying",
            Direction::Revert => "Reverting",
        };
        match progress {
            StepEvent::Begin => out.print(format_args!("  {verb} {}...", printable(&step.row.name)))?,
            StepEvent::Done => out.line(out.style(Role::Success, " OK"))?,
            StepEvent::Warning(_) => {}
        }
        Ok(())
    })
    .inspect_err(|_| {
        // The line of the step that failed is still open.
        let _ = out.line("");
    })
    .map_err(hinted)
}

fn heading(cx: &Context) -> Result<()> {
    if cx.verbosity() >= 1 {
        cx.line(cx.out().style(Role::MigrateHeading, "Running migrations:"))?;
    }
    Ok(())
}

/// Adds how to go on, where something of the migration may have stayed.
fn hinted(error: anyhow::Error) -> anyhow::Error {
    let error = match error.downcast::<StepError>() {
        Ok(error) => error,
        Err(error) => return error,
    };
    let hints = error.hints();
    if hints.is_empty() {
        return error.into();
    }
    let command_error = CommandError::new(error.to_string()).caused_by(error.source);
    hints.into_iter().fold(command_error, CommandError::hint).into()
}

fn show_plan(cx: &Context, migrations: &Migrations, steps: &[(Direction, &PlannedMigration)]) -> Result<()> {
    let out = cx.out();
    cx.line(out.style(Role::MigrateHeading, "Planned operations:"))?;
    for (direction, row) in steps {
        match direction {
            Direction::Apply => cx.line(format_args!("  Apply {}", printable(&row.name)))?,
            Direction::Revert if migrations.is_reversible(row) => {
                cx.line(format_args!("  Revert {}", printable(&row.name)))?
            }
            Direction::Revert => cx.line(format_args!(
                "  Revert {} {}",
                printable(&row.name),
                out.style(Role::Warning, "IRREVERSIBLE")
            ))?,
        }
    }
    if steps.is_empty() {
        cx.line("  No planned migration operations.")?;
    }
    Ok(())
}

fn lock_error(error: LockError) -> anyhow::Error {
    let message = error.to_string();
    match error {
        LockError::Held => CommandError::new(message)
            .hint("Wait for the other process, or use a longer --lock-timeout.")
            .exit_code(Exit::TIMED_OUT)
            .into(),
        LockError::File(_, _) => CommandError::new(message).into(),
        LockError::Isolation(_) => CommandError::new(message)
            .hint("Behind a pooler the lock uses one of its server connections and the migrations use another: does the pool have two?")
            .into(),
        LockError::Query(error) => CommandError::new("Cannot acquire the migration lock.").caused_by(error).into(),
    }
}
