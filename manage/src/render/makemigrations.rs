//! New migrations, in Django's words.

use std::path::{Component, Path, PathBuf};

use crate::command::Context;
use crate::console::{Role, printable, printable_lines};
use crate::error::{CommandError, Exit, Result};
use crate::introspection::{AppChanges, Changes, ChangesError, DiffError, Made, ReadError, Required};
use crate::migrations::MigrationDirectories;
use crate::scaffold::MigrationError;

/// Prints what differs, as one line each.
pub(crate) fn changes(cx: &Context, changes: &AppChanges) -> Result<()> {
    for operation in &changes.operations {
        cx.line(format_args!("    {}", printable(&operation.to_string())))?;
    }
    for conflict in &changes.conflicts {
        cx.line(format_args!("    ! {}", printable(&conflict.message)))?;
    }
    Ok(())
}

/// Fails if the app's source is not on this machine.
pub(crate) fn check_source(of_app: &MigrationDirectories) -> Result<()> {
    if of_app.package.is_dir() {
        return Ok(());
    }
    let error = CommandError::new(format!(
        "The source of the app '{}' does not exist on this machine: it was built in {}.",
        of_app.app,
        printable(&of_app.package)
    ));
    Err(error.hint("Run the command where the project is built.").into())
}

/// Prints the heading of an app.
pub(crate) fn migrations_of(cx: &Context, app: &str) -> Result<()> {
    cx.line(cx.out().style(Role::MigrateHeading, format_args!("Migrations for '{app}':")))
}

/// Prints the paths of an app's new migration.
pub(crate) fn migration_paths(cx: &Context, paths: &[PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| cx.line(format_args!("  {}", shown(cx, path))))
}

/// Prints what the author of a migration should know.
pub(crate) fn migration_notes(cx: &Context, made: &Made) -> Result<()> {
    made.notes.iter().try_for_each(|note| cx.line(format_args!("    Note: {}", printable(note))))
}

/// Prints the files of a migration.
pub(crate) fn migration_files(cx: &Context, made: &Made, paths: &[PathBuf]) -> Result<()> {
    for (path, migration) in paths.iter().zip(&made.migrations) {
        for (file, text) in [("up.sql", &migration.up), ("down.sql", &migration.down)] {
            cx.line(cx.out().style(Role::MigrateLabel, format_args!("\n{}", shown(cx, &path.join(file)))))?;
            cx.out().print(printable_lines(text))?;
        }
    }
    Ok(())
}

/// Warns of tables that no app declares.
pub(crate) fn undeclared_tables(cx: &Context, found: &Changes) -> Result<()> {
    if found.undeclared.is_empty() {
        return Ok(());
    }
    let names = printable(&found.undeclared.join(", ")).into_owned();
    cx.warning(format_args!(
        "Warning: No app's schema.rs declares {names}. To drop a table, name the app that does so; to keep it, list it \
         in except_tables of [print_schema] filter in diesel.toml."
    ))
}

/// Adds what a name may be.
pub(crate) fn new_migration_error(error: MigrationError) -> CommandError {
    let message = CommandError::new(error.to_string());
    match error {
        MigrationError::Name(_) => {
            message.hint("Use letters, digits and underscores, as in add_views.").exit_code(Exit::USAGE)
        }
        _ => message,
    }
}

/// Adds how to make the difference by hand.
pub(crate) fn diff_error(cx: &Context, error: &DiffError) -> CommandError {
    let command = format!("`{} makemigrations", cx.program().name());
    CommandError::new(&error.message).hint(error.hint.replace("`makemigrations", &command))
}

/// Asks for the value of existing rows.
#[cfg(feature = "terminal")]
pub(crate) fn ask_for_default(cx: &Context, needed: &Required<'_>) -> Result<String> {
    let Required { name, column, why } = needed;
    cx.warning(format_args!(
        "The column {} ({}) is NOT NULL in schema.rs: {why}.",
        printable(name),
        printable(&column.to_string())
    ))?;
    cx.prompt("Its value, as an SQL expression such as 0 or 'new':").text()
}

/// Without this feature there is nobody to ask.
#[cfg(not(feature = "terminal"))]
pub(crate) fn ask_for_default(_: &Context, needed: &Required<'_>) -> Result<String> {
    Err(CommandError::new(format!("The column {} needs a default: {}.", needed.name, needed.why)).into())
}

/// Adds the exit code.
pub(crate) fn changes_error(error: ChangesError) -> anyhow::Error {
    let message = CommandError::new(error.to_string());
    match error {
        ChangesError::Config(_) => message.exit_code(Exit::CONFIGURATION).into(),
        ChangesError::Tables(ReadError::Query(error)) | ChangesError::Query(error) => error.into(),
        _ => message.into(),
    }
}

/// Returns a path relative to the working directory, if it is in there.
pub(super) fn shown(cx: &Context, path: &Path) -> String {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    let here = cx.source().environment.folder();
    printable(normal.strip_prefix(&here).unwrap_or(&normal)).into_owned()
}
