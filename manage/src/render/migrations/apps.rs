//! What names an app or a migration, and does not exist.

use super::target_error;
use crate::command::Context;
use crate::console::{echo, printable};
use crate::error::CommandError;
use crate::migrations::RequestError;
use crate::suggest::closest;

/// The value of an option that may have none is not a word of its own.
pub(super) const DIRECTORY: &str = "For a directory, write `--from-folder=DIR`.";

/// Returns whether a word that should name an app or a migration is a path.
pub(super) fn names_directory(word: &str) -> bool {
    word.contains(['/', '\\'])
}

/// Adds to the error of a request what to do. Other errors stay as they are. `command` is the name of the
/// command.
pub(crate) fn request_error(cx: &Context, command: &str, error: anyhow::Error) -> anyhow::Error {
    let Some(of_request) = error.downcast_ref::<RequestError>() else { return error };
    let hint = match of_request {
        RequestError::UnknownApp { label, apps } => return unknown_app(cx, apps, label),
        RequestError::Target(error) => return target_error(cx, error),
        RequestError::UnknownWord { word, apps } => match names_directory(word) {
            true => DIRECTORY.to_owned(),
            false => format!("See `{} showmigrations`. {}", cx.program().name(), hint(apps, word)),
        },
        RequestError::PruneWithoutApp => format!("Name the app: `{command} APP_LABEL --prune`."),
        RequestError::PruneWithMigration => "Leave out the migration.".to_owned(),
        RequestError::CountWithoutEquals(count) => format!("For a number, write `--redo={count}`."),
        RequestError::DirectoryWithoutApp => {
            format!("Name the app: `{command} APP_LABEL --from-folder=DIR`.")
        }
    };
    CommandError::new(of_request.to_string()).hint(hint).into()
}

/// Says that an app is not installed, or has no migrations. `apps` have some.
pub(crate) fn unknown_app(cx: &Context, apps: &[&str], label: &str) -> anyhow::Error {
    let is_installed = cx.program().registry().apps().contains(&label);
    let message = if is_installed {
        format!("App '{}' does not have migrations.", echo(label))
    } else {
        format!("No installed app with label '{}'.", echo(label))
    };
    CommandError::new(message).hint(hint(apps, label)).into()
}

fn hint(apps: &[&str], label: &str) -> String {
    if names_directory(label) {
        return DIRECTORY.to_owned();
    }
    let meant = closest(label, apps.iter().copied());
    let meant = meant.map(|meant| format!("Did you mean '{}'? ", printable(meant))).unwrap_or_default();
    let apps = apps.join(", ");
    format!("{meant}The apps with migrations are: {}.", printable(&apps))
}
