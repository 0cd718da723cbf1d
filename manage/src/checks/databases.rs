//! Is a database there, and are its migrations applied? Only for the databases that are asked about.

use std::path::PathBuf;

use crate::Context;
use crate::database::{Connection, probe};
use crate::migrations::{Migrations, Plan};
#[cfg(feature = "sqlite")]
use crate::settings::Backend;
use crate::settings::DatabaseSettings;

use super::Message;
use super::catalog::{MIGRATIONS_UNREADABLE, NO_CONNECTION, UNAPPLIED_MIGRATIONS};

#[manage::check(tags = ["database"])]
fn databases(cx: &Context, alias: &str) -> Vec<Message> {
    let object = format!("database {alias}");
    // Settings that cannot be read are told by their own check, and an unknown alias before any check runs.
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
            let database =
                if alias == DatabaseSettings::DEFAULT_ALIAS { "" } else { &format!(" --database {alias}") };
            let hint = format!("Run `{} migrate{database}`.", cx.program().name());
            vec![UNAPPLIED_MIGRATIONS.message(text).about(object).hint(hint)]
        }
        Err(error) => vec![MIGRATIONS_UNREADABLE.message(format!("{error:#}")).about(object)],
    }
}

/// A hint about a connection, which is part of a sentence elsewhere, as one of its own.
fn sentence(hint: &str) -> String {
    let mut chars = hint.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with(['.', '?']) { text } else { format!("{text}.") }
}

fn unapplied(cx: &Context, settings: &DatabaseSettings) -> crate::Result<usize> {
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else { return Ok(0) };
    let mut connection = Connection::open_to_read(settings)?;
    Ok(Plan::read(&mut connection, &migrations)?.unapplied().count())
}

/// The file of an SQLite database; none for one in memory, or on a server.
#[cfg(feature = "sqlite")]
pub(super) fn sqlite_file(settings: &DatabaseSettings) -> Option<PathBuf> {
    (settings.backend == Backend::Sqlite).then(|| crate::database::sqlite_path(&settings.name)).flatten()
}

#[cfg(not(feature = "sqlite"))]
pub(super) fn sqlite_file(_: &DatabaseSettings) -> Option<PathBuf> {
    None
}

/// Whether it is an SQLite database in a file.
pub(crate) fn is_sqlite_file(settings: &DatabaseSettings) -> bool {
    sqlite_file(settings).is_some()
}
