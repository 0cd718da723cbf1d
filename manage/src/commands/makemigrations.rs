use crate::checks::Selection;
use crate::console::{echo, printable};
use crate::database::Connection;
use crate::introspection::{
    AppSource, Made, Request, changes, parse_defaults, unapplied, unnoticed, unused_default,
    without_newly_made,
};
use crate::migrations::{MigrationDirectories, MigrationPlan, Migrations, directories};
use crate::prelude::*;
use crate::render;
use crate::settings::Backend;

/// What is done with a difference.
#[derive(Args)]
pub(crate) struct Mode {
    /// Write a migration without statements
    #[arg(long, conflicts_with_all = ["check", "dry_run", "default"])]
    empty: bool,
    /// Exit with 1 if there are differences, without writing anything
    #[arg(long)]
    check: bool,
    /// Print the migrations instead of writing them
    #[arg(long)]
    dry_run: bool,
}

/// Write migrations that bring the database to what schema.rs declares
///
/// The difference between the tables of the database and those of the apps' schema.rs becomes the up.sql and
/// down.sql of a new migration, as by `diesel migration generate --diff-schema`. What schema.rs does not
/// contain, such as indexes and defaults, is left to you.
#[command(requires_checks = "none")]
pub(crate) fn makemigrations(
    cx: &mut Context,
    /// The apps to make migrations for [default: all]
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    apps: Vec<String>,
    /// The database to compare with
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    #[command(flatten)] mode: Mode,
    /// The migration's name [default: what it does]
    #[arg(short, long)]
    name: Option<String>,
    /// The value of a new column for existing rows, as an SQL expression (can be repeated)
    #[arg(long, value_name = "TABLE.COLUMN=SQL")]
    default: Vec<String>,
) -> Result<Exit> {
    let selection = Selection { apps, ..Selection::default() };
    selection.validate(cx).map_err(CommandError::from)?;
    let all = directories(cx.program());
    let is_selected =
        |app: &str| selection.apps.is_empty() || selection.apps.iter().any(|label| label == app);
    let selected: Vec<&MigrationDirectories> = all.iter().filter(|of_app| is_selected(of_app.app)).collect();
    check_sources(&selected)?;
    let Mode { empty, check, dry_run } = mode;
    if empty {
        let made = empty_migration(&selected, name.as_deref())?;
        write(cx, &made, &all, |_| Ok(()))?;
        return Ok(Exit::SUCCESS);
    }
    let defaults = parse_defaults(&default).map_err(|text| {
        CommandError::new(format!("'{}' is not a default.", echo(text)))
            .hint("Name the column and an SQL expression, as in `--default articles.views=0`.")
            .exit_code(Exit::USAGE)
    })?;
    let settings = cx.database(&database)?.settings().clone();
    render::assumed_database(cx, &[&database], true)?;
    let mut connection = Connection::open_to_read(&settings).map_err(CommandError::from)?;
    check_applied(cx, &mut connection, &all)?;
    let environment = &cx.source().environment;
    let request = Request {
        apps: &all.iter().map(AppSource::from).collect::<Vec<_>>(),
        selected: &is_selected,
        drops: if let [only] = selected[..] { Some(only.app) } else { None },
        defaults: &defaults,
        config_file: environment.text("DIESEL_CONFIG_FILE").map(|path| environment.folder().join(path)),
    };
    let mut found = changes(&mut connection, &request).map_err(render::changes_error)?;
    if let Some(name) = unused_default(&defaults, &found) {
        return Err(CommandError::new(format!("There is no new or changed column '{}'.", echo(name)))
            .hint("A default is named by the table and the column in the database: `--default articles.views=0`.")
            .into());
    }
    render::undeclared_tables(cx, &found)?;
    if found.apps.is_empty() && found.undeclared.is_empty() && cx.verbosity() >= 1 {
        cx.line("No changes detected")?;
    }
    for changes in &mut found.apps {
        let Some(of_app) = all.iter().find(|of_app| of_app.app == changes.app) else { continue };
        if !check && changes.conflicts.is_empty() && cx.can_ask() {
            for (of, _) in &of_app.directories {
                let backend = of.unwrap_or(settings.backend);
                changes.fill_defaults(backend, |needed| render::ask_for_default(cx, needed))?;
            }
        }
        let changes = &*changes;
        let list = |cx: &Context| render::changes(cx, changes);
        if check {
            if cx.verbosity() >= 1 {
                render::migrations_of(cx, changes.app)?;
                list(cx)?;
            }
            continue;
        }
        let made = Made::of_changes(changes, of_app, settings.backend, name.as_deref())
            .map_err(|error| render::diff_error(cx, &error))?;
        if dry_run {
            let paths = made.paths(&all).map_err(render::new_migration_error)?;
            render::migrations_of(cx, changes.app)?;
            render::migration_paths(cx, &paths)?;
            list(cx)?;
            render::migration_notes(cx, &made)?;
            render::migration_files(cx, &made, &paths)?;
        } else {
            write(cx, &made, &all, list)?;
        }
    }
    let is_clean = found.apps.is_empty() && found.undeclared.is_empty();
    Ok(if check && !is_clean { Exit::FAILURE } else { Exit::SUCCESS })
}

fn write(
    cx: &Context,
    made: &Made,
    all: &[MigrationDirectories],
    list: impl FnOnce(&Context) -> Result<()>,
) -> Result<()> {
    let paths = made.write(all).map_err(render::new_migration_error)?;
    if cx.verbosity() >= 1 {
        render::migrations_of(cx, made.app)?;
        render::migration_paths(cx, &paths)?;
        list(cx)?;
        render::migration_notes(cx, made)?;
    }
    let unnoticed = all.iter().find(|of_app| of_app.app == made.app).and_then(unnoticed);
    let Some((directory, why)) = unnoticed else { return Ok(()) };
    cx.warning(format_args!(
        "Cargo does not notice the new migration: {why}. Write \
         `println!(\"cargo::rerun-if-changed={}\");` into the main function of its build.rs, or the next build will \
         not have the migration.",
        printable(&directory)
    ))
}

fn check_sources(selected: &[&MigrationDirectories]) -> Result<()> {
    if selected.is_empty() {
        return Err(render::no_migrations().into());
    }
    selected.iter().try_for_each(|of_app| render::check_source(of_app))
}

fn empty_migration(selected: &[&MigrationDirectories], name: Option<&str>) -> Result<Made> {
    let usage = |message, hint| Err(CommandError::new(message).hint(hint).exit_code(Exit::USAGE).into());
    match (selected, name) {
        ([only], Some(name)) => Ok(Made::empty(only, name)),
        ([_], None) => usage(
            "An empty migration needs a name.",
            "Say what it will do, as in `--empty --name fill_slugs`.",
        ),
        _ => usage(
            "--empty is for one app.",
            "Name the app, as in `makemigrations blog --empty --name fill_slugs`.",
        ),
    }
}

fn check_applied(cx: &Context, connection: &mut Connection, all: &[MigrationDirectories]) -> Result<()> {
    let backend: Backend = connection.backend();
    let Some(migrations) = Migrations::of_program(cx.program(), backend)? else { return Ok(()) };
    let plan = MigrationPlan::read(connection, &migrations)?;
    let missing = unapplied(all, &plan, backend);
    if missing.is_empty() {
        // What they made is in the database, so no difference shows that a new one would lack it.
        return render::unknown_migrations(cx, &without_newly_made(plan, all, backend));
    }
    let program = cx.program().name();
    Err(CommandError::new(format!("These migrations are not applied: {}.", printable(&missing.join(", "))))
        .hint(format!(
            "The difference would contain them again. Build the program, and run `{program} migrate` first."
        ))
        .into())
}
