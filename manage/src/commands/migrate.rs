mod arguments;
#[cfg(feature = "lint")]
mod lint;
mod one;

use crate::command::succeeded_by;
use crate::interaction::Confirmation;
use crate::migrations::{Migrations, Source, distinct_schemas};
use crate::prelude::*;
use crate::render;
use crate::settings::DatabaseSettings;

use arguments::{Goal, Invocation, Modes, Options};
use one::migrate_one;

/// Bring a database's schema up to date
///
/// Migrations run under a lock: if several processes start at once, one migrates, and the others wait and
/// find nothing left to do. If a process was killed, the next one continues. With `-- CMD` it then executes
/// that program in its place.
#[command]
pub(crate) fn migrate(
    cx: &mut Context,
    #[command(flatten)] goal: Goal,
    #[command(flatten)] options: Options,
    #[command(flatten)] modes: Modes,
    #[command(flatten)] confirmation: Confirmation,
) -> Result<Exit> {
    let Goal { first, second, database, plan, check, program } = goal;
    cx.check_successor("migrate", &program)?;
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
    let schemas = distinct_schemas(&modes.schema, settings.backend);
    let schemas = schemas.map_err(|error| render::schema_error(error.into()))?;
    let migrations = migrations_of(cx, &settings, &modes, first.as_deref())?;
    let mut request = modes.request(&options);
    request
        .name([first, second], &migrations, cx.program().registry().apps())
        .map_err(|error| render::request_error(cx, "migrate", error.into()))?;
    let invocation = Invocation { settings, migrations, request, plan, check, options, confirmation };
    if schemas.is_empty() {
        return succeeded_by(&program, migrate_one(cx, &invocation, None)?);
    }
    let exit = render::each_schema(cx, &schemas, !(plan || check), |schema| {
        migrate_one(cx, &invocation, Some(schema))
    })?;
    succeeded_by(&program, exit)
}

/// Returns the migrations, and prints where they come from if that is not the program. `app` is the first word.
fn migrations_of(
    cx: &Context,
    settings: &DatabaseSettings,
    modes: &Modes,
    app: Option<&str>,
) -> Result<Migrations> {
    let (program, backend) = (cx.program(), settings.backend);
    let from_folder = modes.from_folder.as_ref().map(|folder| folder.as_deref());
    let source = Source::chosen(from_folder, app, program, backend)
        .map_err(|error| render::request_error(cx, "migrate", error))?;
    if let Some(source) = &source {
        render::migration_source(cx, cx.out(), source)?;
    }
    Migrations::of_source(program, backend, source.as_ref())?.ok_or_else(|| render::no_migrations().into())
}
