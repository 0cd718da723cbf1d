//! Checks whether a database can be used and its migrations are applied. It runs only for the databases of
//! `--database`.

use std::path::PathBuf;

use crate::command::Context;
use crate::console::printable;
use crate::database::{Connection, probe};
use crate::migrations::{MigrationPlan, Migrations};
#[cfg(feature = "sqlite")]
use crate::settings::Backend;
use crate::settings::DatabaseSettings;

use super::Message;
use super::catalog::{MIGRATIONS_UNREADABLE, NO_CONNECTION, UNAPPLIED_MIGRATIONS};

#[manage::check(tags = ["database"])]
fn databases(cx: &Context, alias: &str) -> Vec<Message> {
    let object = format!("database {alias}");
    // Unreadable settings are reported by their own check, and an unknown alias before any check runs.
    let Some(settings) = cx.try_settings().ok().and_then(|settings| settings.database(alias).ok()) else {
        return Vec::new();
    };
    if let Err(error) = probe(settings, settings.connect_timeout) {
        let message = NO_CONNECTION.message(format!("{error}.")).about(object);
        return vec![match &error.hint {
            Some(hint) => message.hint(sentence(hint)),
            None => message,
        }];
    }
    match unapplied(cx, settings) {
        Ok(0) => Vec::new(),
        Ok(count) => {
            let text = format!("{count} migration(s) are not applied.");
            let database = if alias == DatabaseSettings::DEFAULT_ALIAS {
                ""
            } else {
                &format!(" --database {}", printable(alias))
            };
            let hint = format!("Run `{} migrate{database}`.", cx.program().name());
            vec![UNAPPLIED_MIGRATIONS.message(text).about(object).hint(hint)]
        }
        Err(error) => vec![MIGRATIONS_UNREADABLE.message(format!("{error:#}")).about(object)],
    }
}

/// Turns a hint about a connection, which elsewhere is part of a sentence, into a sentence.
fn sentence(hint: &str) -> String {
    let mut chars = hint.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with(['.', '?']) { text } else { format!("{text}.") }
}

fn unapplied(cx: &Context, settings: &DatabaseSettings) -> crate::error::Result<usize> {
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else { return Ok(0) };
    let mut connection = Connection::open_to_read(settings)?;
    Ok(MigrationPlan::read(&mut connection, &migrations)?.unapplied().count())
}

/// Returns the file of an SQLite database; `None` for one in memory, or on a server.
#[cfg(feature = "sqlite")]
pub(super) fn sqlite_file(settings: &DatabaseSettings) -> Option<PathBuf> {
    (settings.backend == Backend::Sqlite).then(|| crate::database::sqlite_path(&settings.name)).flatten()
}

#[cfg(not(feature = "sqlite"))]
pub(super) fn sqlite_file(_: &DatabaseSettings) -> Option<PathBuf> {
    None
}

/// Returns whether it is an SQLite database in a file.
pub(crate) fn is_sqlite_file(settings: &DatabaseSettings) -> bool {
    sqlite_file(settings).is_some()
}
