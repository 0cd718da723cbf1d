//! Checks whether a database can be used and its migrations are applied. It runs only for the databases of
//! `--database`.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::command::Context;
use crate::console::printable;
use crate::database::probe;
use crate::isolation::owner;
use crate::migrations::{
    EditedError, MigrationPlan, Migrations, PartlyReplacedError, PlannedMigration, distinct_schemas,
    read_plan,
};
#[cfg(feature = "sqlite")]
use crate::settings::Backend;
use crate::settings::DatabaseSettings;

use super::Message;
use super::catalog::{
    AHEAD_OF_THE_PROGRAM, EDITED_MIGRATIONS, GONE_MIGRATIONS, MIGRATIONS_UNREADABLE, NO_CONNECTION,
    OUT_OF_ORDER_MIGRATIONS, PARTLY_REPLACED_MIGRATIONS, UNAPPLIED_MIGRATIONS, UNFINISHED_MIGRATIONS,
};

#[manage::check(tags = ["database"])]
fn databases(cx: &Context, alias: &str) -> Vec<Message> {
    in_schemas(cx, alias, &[])
}

/// Like the check, of several schemas; without any, of that to which the search path leads.
pub(super) fn in_schemas(cx: &Context, alias: &str, schemas: &[String]) -> Vec<Message> {
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
    let migrations = match Migrations::of_program(cx.program(), settings.backend) {
        Ok(Some(migrations)) => migrations,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![MIGRATIONS_UNREADABLE.message(error.to_string()).about(object)],
    };
    let mut migrate = format!("{} migrate", cx.program().name());
    if alias != DatabaseSettings::DEFAULT_ALIAS {
        let _ = write!(migrate, " --database {}", printable(alias));
    }
    let schemas = match distinct_schemas(schemas, settings.backend) {
        Ok(schemas) => schemas,
        Err(error) => return vec![MIGRATIONS_UNREADABLE.message(error.to_string()).about(object)],
    };
    if schemas.is_empty() {
        return of_one(cx, settings, &migrations, None, &migrate, &object);
    }
    let of_each = schemas.iter().flat_map(|schema| {
        let (object, schema) = (format!("{object}, schema {schema}"), *schema);
        let migrate = format!("{migrate} --schema {}", printable(schema));
        of_one(cx, settings, &migrations, Some(schema), &migrate, &object)
    });
    of_each.collect()
}

/// Returns the messages about one schema. `migrate` is the command that applies its migrations.
fn of_one(
    cx: &Context,
    settings: &DatabaseSettings,
    migrations: &Migrations,
    schema: Option<&str>,
    migrate: &str,
    object: &str,
) -> Vec<Message> {
    let messages = match read_plan(settings, schema, &owner(cx, "check"), migrations) {
        Ok(plan) => problems(migrations, &plan, migrate),
        Err(error) => vec![MIGRATIONS_UNREADABLE.message(format!("{error:#}"))],
    };
    messages.into_iter().map(|message| message.about(object.to_owned())).collect()
}

/// Returns what is to be said of the migrations. `migrate` is the command that applies them.
fn problems(migrations: &Migrations, plan: &MigrationPlan, migrate: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    let count = plan.unapplied().count();
    if count > 0 {
        let message = UNAPPLIED_MIGRATIONS.message(format!("{count} migration(s) are not applied."));
        messages.push(message.hint(format!("Run `{migrate}`.")));
    }
    let names = |rows: Vec<&PlannedMigration>| {
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let unfinished = plan.unapplied().filter(|row| row.progress.is_some()).collect();
    if let Some(names) = names(unfinished) {
        let message = UNFINISHED_MIGRATIONS.message(format!("Begun and not finished: {names}."));
        messages.push(message.hint(format!("Run `{migrate}`, which continues.")));
    }
    if let Some(text) = plan.stranded_text() {
        messages.push(UNFINISHED_MIGRATIONS.message(text).hint(MigrationPlan::stranded_hint(migrate)));
    }
    if let Some(error) = EditedError::of(migrations, &plan.edited()) {
        let message = EDITED_MIGRATIONS.message(error.to_string());
        messages.push(message.hint(format!(
            "Write the change into a new migration, and restore the file; or accept it with `{migrate} --accept VERSION`."
        )));
    }
    if let Some(error) = PartlyReplacedError::of(&plan.rows) {
        let message = PARTLY_REPLACED_MIGRATIONS.message(error.to_string());
        messages.push(
            message.hint("Migrate the database with a version of the program that still has them all."),
        );
    }
    if let Some(names) = names(plan.out_of_order()) {
        let text = format!("Not applied, although newer migrations are: {names}.");
        let message = OUT_OF_ORDER_MIGRATIONS.message(text);
        messages
            .push(message.hint("Check that they do not depend on the order, or give them newer timestamps."));
    }
    if let Some(text) = plan.gone_text() {
        let message = GONE_MIGRATIONS.message(text);
        messages.push(message.hint(MigrationPlan::GONE_HINT));
    }
    if let Some(text) = plan.ahead_text() {
        messages.push(
            AHEAD_OF_THE_PROGRAM.message(text).hint("If their directories were deleted, restore them."),
        );
    }
    messages
}

/// Turns a hint about a connection, which elsewhere is part of a sentence, into a sentence.
fn sentence(hint: &str) -> String {
    let mut chars = hint.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = format!("{first}{}", chars.as_str());
    if text.ends_with(['.', '?']) { text } else { format!("{text}.") }
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
