//! Causes of a command's failure that its error does not mention.

use crate::command::{BUILT_IN, Context, RegisteredCommand};
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
    let default = cx.settings_read()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS);
    let may_lack_migrations = may_lack_migrations(error);
    let lacks_database = match &default {
        Ok(settings) => settings.origin == Origin::Default && may_lack_migrations,
        Err(none) => error.chain().any(|cause| cause.to_string() == none.to_string()),
    };
    if cx.program().is_tested && lacks_database {
        let hint = "This test's project sets no database: add `.with_database()`, which creates one with the program's tables.";
        return Some(hint.to_owned());
    }
    may_lack_migrations.then(|| unapplied_hint(cx.program(), default.ok()?)).flatten()
}
