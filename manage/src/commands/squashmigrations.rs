use std::path::PathBuf;

use crate::checks::Selection;
use crate::interaction::Confirmation;
use crate::migrations::{MigrationDirectories, Migrations, Range, directories, squash};
use crate::prelude::*;
use crate::render;
use crate::settings::Backend;

/// How to write the new migration.
#[derive(Args)]
pub(crate) struct Options {
    /// The new migration's name, without the version [default: made of the first and the last name]
    #[arg(long, value_name = "NAME")]
    squashed_name: Option<String>,
    /// Print the new migration instead of writing it
    #[arg(long)]
    dry_run: bool,
}

/// Replace several migrations of an app by one
///
/// The new one has the version of the last, so a database that has this version runs nothing. A new database
/// runs it alone. The directories that it replaces are deleted.
#[command(requires_checks = "none")]
pub(crate) fn squashmigrations(
    cx: &mut Context,
    /// The app
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    app: String,
    /// The last migration: a version, a name or its prefix; or the first one, if the last one follows
    #[arg(value_name = "MIGRATION", add = manage::completion::migrations())]
    migration: String,
    /// The last migration
    #[arg(value_name = "LAST_MIGRATION", add = manage::completion::migrations())]
    last: Option<String>,
    /// The database whose backend's migrations are meant
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    #[command(flatten)] options: Options,
    #[command(flatten)] confirmation: Confirmation,
) -> Result<()> {
    let Options { squashed_name, dry_run } = options;
    let (first, last) = match last {
        Some(last) => (Some(migration), last),
        None => (None, migration),
    };
    let backend = cx.database(&database)?.settings().backend;
    let Some(migrations) = Migrations::of_program(cx.program(), backend)? else {
        return Err(render::no_migrations().into());
    };
    let all = directories(cx.program());
    let directory = directory(cx, &all, &app, backend)?;
    let range = Range { app, first, last, title: squashed_name };
    let squashed =
        squash(&migrations, &directory, backend, &range).map_err(|error| render::squash_error(cx, error))?;
    render::squashed(cx, &squashed)?;
    if dry_run {
        return render::squashed_files(cx, &squashed);
    }
    let count = squashed.replaced.len();
    confirmation.ask(cx, &format!("This deletes {count} directories of migrations."))?;
    squashed.write().map_err(|error| render::squash_error(cx, error))?;
    render::squashed_next(cx, &squashed)
}

/// Returns where an app's migrations for a backend are.
fn directory(cx: &Context, all: &[MigrationDirectories], app: &str, backend: Backend) -> Result<PathBuf> {
    let selection = Selection { apps: vec![app.to_owned()], ..Selection::default() };
    selection.validate(cx).map_err(CommandError::from)?;
    let Some(of_app) = all.iter().find(|of_app| of_app.app == app) else {
        return Err(CommandError::new(format!("The app '{app}' has no migrations.")).into());
    };
    render::check_source(of_app)?;
    let mut directories = of_app.directories.iter();
    let found = directories.find(|(of, _)| of.is_none_or(|of| of == backend));
    found.map(|(_, directory)| directory.clone()).ok_or_else(|| {
        CommandError::new(format!("The app '{app}' has no migrations for {backend}."))
            .hint("Name a database of another backend with --database.")
            .into()
    })
}
