//! What names an app or a migration, and does not exist.

use crate::command::Context;
use crate::console::{echo, printable};
use crate::error::CommandError;
use crate::migrations::{Migrations, TargetError};
use crate::suggest::closest;

/// Says that an app is not installed, or has no migrations.
pub(crate) fn unknown_app(cx: &Context, migrations: &Migrations, label: &str) -> anyhow::Error {
    let is_installed = cx.program().registry().apps().contains(&label);
    let message = if is_installed {
        format!("App '{}' does not have migrations.", echo(label))
    } else {
        format!("No installed app with label '{}'.", echo(label))
    };
    CommandError::new(message).hint(hint(migrations, label)).into()
}

/// Says that a word is neither an app nor a migration.
pub(crate) fn unknown_target(
    cx: &Context,
    migrations: &Migrations,
    text: &str,
    error: &TargetError,
) -> anyhow::Error {
    if matches!(error, TargetError::Ambiguous(..)) {
        return super::target_error(cx, error);
    }
    let apps = hint(migrations, text);
    let hint = format!("See `{} showmigrations`. {apps}", cx.program().name());
    CommandError::new(error.to_string()).hint(hint).into()
}

fn hint(migrations: &Migrations, label: &str) -> String {
    let apps = migrations.apps();
    let meant = closest(label, apps.iter().copied());
    let meant = meant.map(|meant| format!("Did you mean '{}'? ", printable(meant))).unwrap_or_default();
    let apps = apps.join(", ");
    format!("{meant}The apps with migrations are: {}.", printable(&apps))
}
