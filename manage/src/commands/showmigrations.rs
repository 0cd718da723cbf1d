use crate::database::Connection;
use crate::migrations::{MigrationPlan, Migrations};
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
    /// The database to inspect
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    /// List the migrations by app (the default)
    #[arg(long, short = 'l', conflicts_with = "plan")]
    list: bool,
    /// List the migrations in the order in which they are applied
    #[arg(long, short = 'p')]
    plan: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
) -> Result<()> {
    let _ = list;
    let database = cx.database(&database)?;
    let settings = database.settings();
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else {
        return match format {
            ListFormat::Text => cx.line("(no migrations)"),
            ListFormat::Json => cx.line("{\"migrations\":[]}"),
        };
    };
    let with_migrations = migrations.apps();
    let installed = cx.program().registry().apps();
    if let Some(app) = apps.iter().find(|app| !installed.contains(&app.as_str())) {
        return Err(render::unknown_app(cx, &migrations.apps(), app));
    }
    let named: Vec<&str> = apps.iter().map(String::as_str).collect();
    let mut connection = Connection::open_to_read(settings).map_err(CommandError::from)?;
    let read = MigrationPlan::read(&mut connection, &migrations)?;
    if format == ListFormat::Json {
        return render::migration_json(cx, &migrations, &read, &named);
    }
    let of_program: Vec<&str> =
        installed.iter().copied().filter(|app| with_migrations.contains(app)).collect();
    let shown = if named.is_empty() { &of_program } else { &named };
    if plan {
        return render::migration_order(cx, &read, shown);
    }
    render::migration_list(cx, &read, shown)?;
    if named.is_empty() { render::unknown_list(cx, &read) } else { Ok(()) }
}
