//! What a run is about to do, in Django's words.

use crate::command::Context;
use crate::console::{Role, printable};
use crate::error::Result;
use crate::migrations::{MigrationPlan, MigrationTarget, Migrations, Pruned};

/// Prints what a run was asked for.
pub(crate) fn migration_operations(
    cx: &Context,
    migrations: &Migrations,
    plan: &MigrationPlan,
    target: &MigrationTarget,
) -> Result<()> {
    if cx.verbosity() == 0 {
        return Ok(());
    }
    let out = cx.out();
    let all = migrations.apps().join(", ");
    let row = |version: &str| plan.rows.iter().find(|row| row.version == version);
    let name = |version: &str| row(version).map_or(version, |row| row.name.as_str()).to_owned();
    let (what, which) = match target {
        MigrationTarget::Latest => ("Apply all migrations: ", all),
        MigrationTarget::AppLatest(app) => ("Apply all migrations: ", (*app).to_owned()),
        MigrationTarget::Zero => ("Unapply all migrations: ", all),
        MigrationTarget::AppZero(app) => ("Unapply all migrations: ", (*app).to_owned()),
        MigrationTarget::Version(version) => ("Target specific migration: ", name(version)),
        MigrationTarget::AppVersion(version) => {
            let app = row(version).and_then(|row| row.app).unwrap_or_default();
            ("Target specific migration: ", format!("{}, from {app}", name(version)))
        }
        MigrationTarget::Again(versions) => {
            let names: Vec<String> = versions.iter().map(|version| name(version)).collect();
            let names = if names.is_empty() { "(none)".to_owned() } else { names.join(", ") };
            ("Unapply and apply again: ", names)
        }
    };
    cx.line(out.style(Role::MigrateHeading, "Operations to perform:"))?;
    cx.line(format_args!("  {}{}", out.style(Role::MigrateLabel, what), printable(&which)))
}

/// Prints which records were removed, and which may belong to the app.
pub(crate) fn pruned_migrations(cx: &Context, app: &str, pruned: &Pruned) -> Result<()> {
    if cx.verbosity() == 0 {
        return Ok(());
    }
    let out = cx.out();
    cx.line(out.style(Role::MigrateHeading, "Pruning migrations:"))?;
    for name in &pruned.removed {
        let name = printable(name);
        cx.line(format_args!("  Pruning {app}.{name} {}", out.style(Role::Success, "OK")))?;
    }
    if pruned.removed.is_empty() {
        cx.line("  No migrations to prune.")?;
    }
    if !pruned.of_no_app.is_empty() {
        let list = pruned.of_no_app.join(", ");
        cx.warning(format_args!(
            "Warning: not pruned, since no record says of which app they are: {}.",
            printable(&list)
        ))?;
    }
    Ok(())
}
