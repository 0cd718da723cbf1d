//! Causes of a command's failure that its error does not mention.

use crate::command::{BUILT_IN, Context, RegisteredCommand};
use crate::error::Exit;
use crate::migrations::{may_lack_migrations, unapplied_hint};
use crate::settings::{DatabaseSettings, Origin};

/// Returns a hint for a command that failed.
pub(super) fn of_command(cx: &Context, found: &RegisteredCommand, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    if migrates { None } else { failure_hint(cx, error) }
}

/// Returns a hint for an error that unapplied migrations caused, or a test's project without a database. If no
/// query failed, no database is queried.
pub(crate) fn failure_hint(cx: &Context, error: &anyhow::Error) -> Option<String> {
    let settings = cx.settings_read()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
    let may_lack_migrations = may_lack_migrations(error);
    if cx.program().is_tested && settings.origin == Origin::Default {
        // The error of a connection whose driver is not compiled in has no type of its own here.
        let cannot_open = !settings.backend.is_compiled_in() && Exit::of(error) == Exit::CONFIGURATION;
        let hint = "This test's project sets no database: add `.with_database()`, which creates one with the program's tables.";
        return (may_lack_migrations || cannot_open).then(|| hint.to_owned());
    }
    may_lack_migrations.then(|| unapplied_hint(cx.program(), settings)).flatten()
}
