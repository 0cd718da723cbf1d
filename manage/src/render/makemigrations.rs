//! New migrations, in Django's words.

use std::path::{Component, Path, PathBuf};

use crate::command::Context;
use crate::console::{Role, printable, printable_lines};
use crate::error::Result;
use crate::introspection::{AppChanges, Made};

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

/// Returns a path relative to the working directory, if it is in there.
fn shown(cx: &Context, path: &Path) -> String {
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
