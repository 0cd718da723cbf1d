//! What `squashmigrations` prints.

use crate::command::Context;
use crate::console::{Role, printable, printable_lines};
use crate::error::{CommandError, Result};
use crate::migrations::{SquashError, Squashed};

use super::makemigrations::shown;
use super::target_error;

/// Prints which migrations are squashed, and what the author should look at.
pub(crate) fn squashed(cx: &Context, squashed: &Squashed) -> Result<()> {
    if cx.verbosity() >= 1 {
        cx.line(cx.out().style(Role::MigrateHeading, "Will squash the following migrations:"))?;
        for path in &squashed.replaced {
            cx.line(format_args!(" - {}", printable(path.file_name().unwrap_or_default())))?;
        }
    }
    for note in &squashed.notes {
        cx.warning(format_args!("Note: {}", printable(note)))?;
    }
    Ok(())
}

/// Prints the new files.
pub(crate) fn squashed_files(cx: &Context, squashed: &Squashed) -> Result<()> {
    for (path, text) in squashed.files() {
        cx.line(format_args!("\n{}", cx.out().style(Role::MigrateLabel, shown(cx, &path))))?;
        cx.out().print(printable_lines(text))?;
    }
    Ok(())
}

/// Prints what was written, and what to do with it.
pub(crate) fn squashed_next(cx: &Context, squashed: &Squashed) -> Result<()> {
    if cx.verbosity() == 0 {
        return Ok(());
    }
    cx.line(format_args!(
        "Created {} in place of {} migrations.",
        shown(cx, &squashed.path),
        squashed.replaced.len()
    ))?;
    cx.line(
        "Read it, build the program, and try it on an empty database. A database that has only a part of them must be \
         migrated by the program of before.",
    )
}

/// Adds how to go on.
pub(crate) fn squash_error(cx: &Context, error: SquashError) -> anyhow::Error {
    let hint = match &error {
        SquashError::Target(error) => return target_error(cx, error),
        SquashError::Stale(_) => "Build the program from the present sources.",
        SquashError::Foreign(_) => "Move it to another directory.",
        SquashError::Unfinished(_) => "Close the quote, comment or block in it.",
        SquashError::Name(_) => "Choose another with --squashed-name.",
        SquashError::Backwards { .. }
        | SquashError::Single(_)
        | SquashError::Metadata(..)
        | SquashError::Io(..) => {
            return CommandError::new(error.to_string()).into();
        }
    };
    CommandError::new(error.to_string()).hint(hint).into()
}
