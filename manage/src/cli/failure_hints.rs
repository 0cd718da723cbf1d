//! Causes of a command's failure that its error does not mention.

use crate::command::{BUILT_IN, Context, RegisteredCommand};
use crate::migrations::{may_lack_migrations, unapplied_hint};
use crate::settings::DatabaseSettings;

/// Returns a hint for a command that failed because of unapplied migrations. If no query failed, no database
/// is queried.
pub(super) fn hint(cx: &Context, found: &RegisteredCommand, error: &anyhow::Error) -> Option<String> {
    let migrates = found.app == BUILT_IN && found.command().name() == "migrate";
    if migrates || !may_lack_migrations(error) {
        return None;
    }
    let settings = cx.settings_read()?.as_ref().ok()?.database(DatabaseSettings::DEFAULT_ALIAS).ok()?;
    unapplied_hint(cx.program(), settings)
}
