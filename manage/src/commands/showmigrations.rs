use std::path::PathBuf;

use crate::isolation::owner;
use crate::migrations::{MigrationPlan, Migrations, Source, distinct_schemas, read_plan};
use crate::prelude::*;
use crate::render;

/// How to print the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ListFormat {
    /// Lines of text.
    Text,
    /// One JSON object.
    Json,
}

/// List the migrations, and which of them are applied
///
/// `[X]` is applied, `[ ]` is not applied, `[~]` is done in part, `[!]` was edited after it was applied, and
/// `[?]` is applied but unknown to this program. With `-v 2` the list has the times at which they were applied,
/// and the plan the dependencies.
#[command]
pub(crate) fn showmigrations(
    cx: &mut Context,
    /// Only the migrations of these apps
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    apps: Vec<String>,
    #[command(flatten)] inspected: Inspected,
    /// List the migrations by app (the default)
    #[arg(long, short = 'l', conflicts_with = "plan")]
    list: bool,
    /// List the migrations in the order in which they are applied
    #[arg(long, short = 'p')]
    plan: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
) -> Result<Exit> {
    let _ = list;
    let settings = cx.database(&inspected.database)?.settings().clone();
    let schemas = distinct_schemas(&inspected.schema, settings.backend);
    let schemas = schemas.map_err(|error| render::schema_error(error.into()))?;
    let from_folder = inspected.from_folder.as_ref().map(|folder| folder.as_deref());
    let one = if let [app] = apps.as_slice() { Some(app.as_str()) } else { None };
    let source = Source::chosen(from_folder, one, cx.program(), settings.backend)
        .map_err(|error| render::request_error(cx, "showmigrations", error))?;
    if let Some(source) = &source {
        let stream = if format == ListFormat::Json { cx.err() } else { cx.out() };
        render::migration_source(cx, stream, source)?;
    }
    let Some(migrations) = Migrations::of_source(cx.program(), settings.backend, source.as_ref())? else {
        match format {
            ListFormat::Text => cx.line("(no migrations)")?,
            ListFormat::Json => cx.line("{\"migrations\":[]}")?,
        }
        return Ok(Exit::SUCCESS);
    };
    let installed = cx.program().registry().apps();
    if let Some(app) = apps.iter().find(|app| !installed.contains(&app.as_str())) {
        return Err(render::unknown_app(cx, &migrations.apps(), app));
    }
    let apps: Vec<&str> = apps.iter().map(String::as_str).collect();
    let owner = owner(cx, "showmigrations");
    let read = |schema: Option<&str>| {
        read_plan(&settings, schema, &owner, &migrations).map_err(render::schema_error)
    };
    if format == ListFormat::Json {
        let listed = |read: &MigrationPlan| render::migration_json(&migrations, read, &apps);
        if schemas.is_empty() {
            return render::migration_object(cx, listed(&read(None)?)?);
        }
        return render::schema_objects(cx, &schemas, |schema| listed(&read(Some(schema))?));
    }
    let print = |read: &MigrationPlan| {
        if plan {
            render::migration_order(cx, &migrations, read, &apps)
        } else {
            render::migration_list(cx, &migrations, read, &apps)
        }
    };
    if schemas.is_empty() {
        return print(&read(None)?).map(|()| Exit::SUCCESS);
    }
    render::each_schema(cx, &schemas, false, |schema| print(&read(Some(schema))?).map(|()| Exit::SUCCESS))
}

/// What to inspect.
#[derive(Args)]
pub(crate) struct Inspected {
    /// The database to inspect
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    /// Inspect this schema of a PostgreSQL database, with its own records (can be repeated)
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// Read the migrations from their directories instead of the program, or those of the app from DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_hint = clap::ValueHint::DirPath)]
    from_folder: Option<Option<PathBuf>>,
}
