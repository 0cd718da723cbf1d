//! The list of migrations: as text, in the order of application, and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::schemas::schema_failure;
use crate::command::Context;
use crate::console::{Role, printable, printable_json};
use crate::error::{Exit, Result};
use crate::migrations::{Direction, MigrationPlan, Migrations, PlannedMigration};

/// Prints the migrations of apps. If none are named, it prints those of all, and then those that only the
/// database has.
pub(crate) fn migration_list(
    cx: &Context,
    migrations: &Migrations,
    plan: &MigrationPlan,
    named: &[&str],
) -> Result<()> {
    for app in shown(cx, migrations, named) {
        let of_app: Vec<&PlannedMigration> = plan.rows.iter().filter(|row| row.app == Some(app)).collect();
        list(cx, app, plan, &of_app)?;
    }
    let unknown: Vec<&PlannedMigration> = plan.rows.iter().filter(|row| row.app.is_none()).collect();
    if unknown.is_empty() || !named.is_empty() { Ok(()) } else { list(cx, "unknown", plan, &unknown) }
}

/// Returns the named apps; if there are none, all that have migrations, in the order in which they are
/// installed.
fn shown<'a>(cx: &'a Context, migrations: &Migrations, named: &[&'a str]) -> Vec<&'a str> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let with_migrations = migrations.apps();
    let installed = cx.program().registry().apps();
    installed.iter().copied().filter(|app| with_migrations.contains(app)).collect()
}

fn list(cx: &Context, heading: &str, plan: &MigrationPlan, rows: &[&PlannedMigration]) -> Result<()> {
    cx.line(cx.out().style(Role::MigrateLabel, heading))?;
    let remarks = Remarks::new(plan);
    for row in rows {
        let applied = match &row.applied_at {
            Some(at) if cx.verbosity() >= 2 => format!(" (applied at {})", printable(at)),
            _ => String::new(),
        };
        let (mark, remark) = (mark(row), remarks.of(row));
        cx.line(format_args!(" [{mark}] {}{remark}{applied}", printable(&row.name)))?;
    }
    if rows.is_empty() { cx.line(" (no migrations)") } else { Ok(()) }
}

fn mark(row: &PlannedMigration) -> char {
    match (row.applied, row.app) {
        _ if row.progress.is_some() || !row.partly.is_empty() => '~',
        (true, Some(_)) if row.edited => '!',
        (true, Some(_)) => 'X',
        (true, None) => '?',
        (false, _) => ' ',
    }
}

/// What does not fit together.
struct Remarks<'a> {
    late: Vec<&'a PlannedMigration>,
    ahead: Vec<&'a PlannedMigration>,
}

impl<'a> Remarks<'a> {
    fn new(plan: &'a MigrationPlan) -> Self {
        Self { late: plan.out_of_order(), ahead: plan.ahead() }
    }

    fn of(&self, row: &PlannedMigration) -> String {
        match row.progress {
            Some(progress) => {
                let what = if progress.direction == Direction::Revert { " reverted" } else { "" };
                format!(" ({} of {} statements{what})", progress.done, progress.of)
            }
            None if !row.partly.is_empty() => {
                format!(" ({} of the migrations that it replaces are applied)", row.partly.len())
            }
            None if row.edited => " (edited after it was applied)".to_owned(),
            None if self.late.contains(&row) => " (out of order)".to_owned(),
            None if self.ahead.contains(&row) => " (newer than this program)".to_owned(),
            None => String::new(),
        }
    }
}

/// Prints the migrations of apps in the order in which they are applied.
pub(crate) fn migration_order(
    cx: &Context,
    migrations: &Migrations,
    plan: &MigrationPlan,
    named: &[&str],
) -> Result<()> {
    let apps = shown(cx, migrations, named);
    let (names, remarks) = (names(plan), Remarks::new(plan));
    let mut is_empty = true;
    for row in plan.rows.iter().filter(|row| row.app.is_some_and(|app| apps.contains(&app))) {
        is_empty = false;
        let named = row.dependencies.iter().filter_map(|version| names.get(version.as_str()));
        let named: Vec<&str> = named.map(String::as_str).collect();
        let dependencies = if cx.verbosity() >= 2 && !named.is_empty() {
            let list = named.join(", ");
            format!(" ... ({})", printable(&list))
        } else {
            String::new()
        };
        let (mark, remark, name) = (mark(row), remarks.of(row), &names[row.version.as_str()]);
        cx.line(format_args!("[{mark}]  {}{remark}{dependencies}", printable(name)))?;
    }
    if is_empty { cx.line("(no migrations)") } else { Ok(()) }
}

/// Returns `app.name` of each migration, by version.
fn names(plan: &MigrationPlan) -> BTreeMap<&str, String> {
    let name = |row: &PlannedMigration| match row.app {
        Some(app) => format!("{app}.{}", row.name),
        None => row.name.clone(),
    };
    plan.rows.iter().map(|row| (row.version.as_str(), name(row))).collect()
}

/// A migration in JSON; `docs/guide/migrations.md` describes the fields.
#[derive(Serialize)]
struct Listed<'a> {
    app: Option<&'a str>,
    version: &'a str,
    name: &'a str,
    applied: bool,
    applied_at: Option<&'a str>,
    edited: bool,
    out_of_order: bool,
    newer_than_program: bool,
    progress: Option<ListedProgress>,
    reversible: bool,
    dependencies: Vec<&'a str>,
}

/// The migrations of a schema.
#[derive(Serialize)]
struct ListedSchema<'a> {
    schema: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    migrations: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How far a migration is that was begun and not finished.
#[derive(Serialize)]
struct ListedProgress {
    direction: &'static str,
    done: usize,
    of: usize,
}

/// Returns the migrations as JSON, in the order in which they are applied; without apps, also those
/// that only the database has.
pub(crate) fn migration_json(migrations: &Migrations, plan: &MigrationPlan, apps: &[&str]) -> Result<Value> {
    let names = names(plan);
    let Remarks { late, ahead } = Remarks::new(plan);
    let is_meant = |row: &&PlannedMigration| match row.app {
        Some(app) => apps.is_empty() || apps.contains(&app),
        None => apps.is_empty(),
    };
    let listed = plan.rows.iter().filter(is_meant).map(|row| Listed {
        app: row.app,
        version: &row.version,
        name: &row.name,
        applied: row.applied,
        applied_at: row.applied_at.as_deref(),
        edited: row.edited,
        out_of_order: late.contains(&row),
        newer_than_program: ahead.contains(&row),
        progress: row.progress.map(|progress| ListedProgress {
            direction: match progress.direction {
                Direction::Apply => "apply",
                Direction::Revert => "revert",
            },
            done: progress.done,
            of: progress.of,
        }),
        reversible: migrations.is_reversible(row),
        dependencies: row
            .dependencies
            .iter()
            .filter_map(|version| names.get(version.as_str()))
            .map(String::as_str)
            .collect(),
    });
    let listed: Vec<Listed<'_>> = listed.collect();
    Ok(serde_json::to_value(listed)?)
}

/// Prints the migrations of a database as an object.
pub(crate) fn migration_object(cx: &Context, migrations: Value) -> Result<Exit> {
    let object = serde_json::json!({ "migrations": migrations });
    cx.line(printable_json(&serde_json::to_string(&object)?))?;
    Ok(Exit::SUCCESS)
}

/// Prints the migrations of several schemas as an object, and why some cannot be read. The exit code is then that
/// of the last one.
pub(crate) fn schema_objects(
    cx: &Context,
    schemas: &[&str],
    read: impl Fn(&str) -> Result<Value>,
) -> Result<Exit> {
    let (mut listed, mut exit) = (Vec::new(), Exit::SUCCESS);
    for schema in schemas {
        cx.check_cancelled()?;
        let (migrations, error) = match read(schema) {
            Ok(migrations) => (Some(migrations), None),
            Err(error) => {
                exit = schema_failure(cx, &error);
                (None, Some(format!("{error:#}")))
            }
        };
        listed.push(ListedSchema { schema, migrations, error });
    }
    cx.line(printable_json(&serde_json::to_string(&serde_json::json!({ "schemas": listed }))?))?;
    Ok(exit)
}
