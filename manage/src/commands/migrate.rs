mod arguments;
mod chosen;
#[cfg(feature = "lint")]
mod lint;
mod one;

use crate::interaction::Confirmation;
use crate::prelude::*;
use crate::render;
use crate::settings::Backend;

use arguments::{Goal, Modes, Options, Request};
use one::migrate_one;

/// Bring a database's schema up to date
///
/// Migrations run under a lock: if several processes start at once, one migrates, and the others wait and
/// find nothing left to do. If a process was killed, the next one continues.
#[command]
pub(crate) fn migrate(
    cx: &mut Context,
    #[command(flatten)] goal: Goal,
    #[command(flatten)] options: Options,
    #[command(flatten)] modes: Modes,
    #[command(flatten)] confirmation: Confirmation,
) -> Result<Exit> {
    let Goal { first, second, database, plan, check } = goal;
    if modes.run_syncdb {
        let text = "--run-syncdb has nothing to do: every app whose tables could be created has migrations.";
        return Err(CommandError::new(text).hint("Run `migrate` without it.").into());
    }
    let settings = cx.database(&database)?.settings().clone();
    #[cfg(feature = "lint")]
    if options.lint.lint {
        return lint::lint(cx, settings.backend, &options.lint);
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
