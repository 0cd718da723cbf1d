//! Several schemas, one after the other, and where migrations come from.

use crate::command::Context;
use crate::console::{Role, Stream, printable};
use crate::database::ConnectError;
use crate::error::{CommandError, Exit, Result};
use crate::migrations::{SchemaError, Source};
use crate::render::{Occasion, failure};

/// Calls a function for each schema, under a heading. A failure does not stop the others; the exit code is then
/// that of the last one. `says_done` prints at the end that all are done.
pub(crate) fn each_schema(
    cx: &Context,
    schemas: &[&str],
    says_done: bool,
    mut call: impl FnMut(&str) -> Result<Exit>,
) -> Result<Exit> {
    let mut failed = Vec::new();
    let mut exit = Exit::SUCCESS;
    for (index, schema) in schemas.iter().enumerate() {
        cx.check_cancelled()?;
        schema_heading(cx, index + 1, schemas.len(), schema)?;
        match call(schema) {
            Ok(Exit::SUCCESS) => {}
            Ok(other) => exit = other,
            Err(error) => {
                cx.check_cancelled()?;
                exit = schema_failure(cx, &error);
                failed.push(*schema);
            }
        }
    }
    if !failed.is_empty() || says_done {
        schema_summary(cx, schemas.len(), &failed)?;
    }
    Ok(exit)
}

/// Prints which schema comes next: `[2/3] tenant_b`.
fn schema_heading(cx: &Context, number: usize, of: usize, schema: &str) -> Result<()> {
    if cx.verbosity() == 0 {
        return Ok(());
    }
    cx.line(cx.out().style(Role::MigrateHeading, format_args!("[{number}/{of}] {}", printable(schema))))
}

/// Prints why a schema could not be migrated or read, and returns the exit code of that.
pub(super) fn schema_failure(cx: &Context, error: &anyhow::Error) -> Exit {
    failure(error, &Occasion::default(), &cx.invocation.output)
}

/// Prints how many schemas are done.
fn schema_summary(cx: &Context, count: usize, failed: &[&str]) -> Result<()> {
    if failed.is_empty() {
        return if cx.verbosity() == 0 {
            Ok(())
        } else {
            cx.line(format_args!("All {count} schema(s) are done."))
        };
    }
    let list = failed.join(", ");
    cx.error(format_args!("{} of {count} schema(s) failed: {}.", failed.len(), printable(&list)))
}

/// Adds how to go on.
pub(crate) fn schema_error(error: anyhow::Error) -> anyhow::Error {
    let error = match error.downcast::<ConnectError>() {
        Ok(error) => return CommandError::from(error).into(),
        Err(error) => error,
    };
    let hint = match error.downcast_ref::<SchemaError>() {
        Some(SchemaError::Missing(_)) => "Create it with CREATE SCHEMA, or check its name.",
        Some(SchemaError::Pooled) => "Connect to the server itself.",
        Some(SchemaError::OtherBackend) => "Name the database with --database.",
        None => return error,
    };
    CommandError::new(error.to_string()).hint(hint).into()
}

/// Prints from where migrations are read.
pub(crate) fn migration_source(cx: &Context, stream: &Stream, source: &Source<'_>) -> Result<()> {
    let text = match source {
        _ if cx.verbosity() == 0 => return Ok(()),
        Source::Folders => "Using the migrations in their directories, not those in the program.".to_owned(),
        Source::Folder(app, folder) => {
            let folder = folder.display().to_string();
            format!("Using the migrations of {app} in {}, not those in the program.", printable(&folder))
        }
    };
    Ok(stream.styled_line(Role::Notice, text)?)
}
