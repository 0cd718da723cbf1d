//! Reports the use of the default database, and settings that are perhaps not intended.

use std::path::Path;

use crate::checks;
use crate::command::Context;
use crate::console::{Role, printable};
use crate::error::Result;
use crate::settings::{DatabaseSettings, Origin, Settings};

/// Prints one line on stderr if the built-in default database is used. `with_checks` is for a command without
/// checks before it: then their messages about it are printed, too.
pub(crate) fn assumed_database(cx: &Context, aliases: &[&str], with_checks: bool) -> Result<()> {
    let default =
        aliases.contains(&DatabaseSettings::DEFAULT_ALIAS).then_some(DatabaseSettings::DEFAULT_ALIAS);
    let Some(alias) = default.or(aliases.first().copied()) else { return Ok(()) };
    let database = cx.database(alias)?;
    if cx.verbosity() == 0 {
        return Ok(());
    }
    let settings = cx.settings()?;
    let is_assumed = database.origin == Origin::Default;
    if is_assumed {
        let path =
            std::path::absolute(Path::new(&database.name)).unwrap_or_else(|_| database.name.clone().into());
        let mut text = format!("No database is set: using {} at {}.", database.backend, path.display());
        for miss in settings.near_misses.iter().filter(|_| with_checks) {
            text += &format!(" {} {}", miss.text, miss.hint);
        }
        cx.err().styled_line(Role::Notice, printable(&text))?;
    }
    if with_checks { misunderstood(cx, settings, is_assumed) } else { Ok(()) }
}

/// Prints the messages of the checks, except for the line above.
fn misunderstood(cx: &Context, settings: &Settings, is_assumed: bool) -> Result<()> {
    for message in checks::misunderstood(settings) {
        let is_reported = is_assumed && settings.near_misses.iter().any(|miss| miss.text == message.text);
        if !is_reported && !settings.silenced_checks.iter().any(|silenced| silenced == message.id) {
            let hint = message.hint.map(|hint| format!(" {hint}")).unwrap_or_default();
            cx.warning(printable(&format!("Warning: {}{hint}", message.text)))?;
        }
    }
    Ok(())
}
