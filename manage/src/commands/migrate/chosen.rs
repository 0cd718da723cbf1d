//! Which migrations are meant, and where they are read.

use super::arguments::{Modes, Request};
use crate::migrations::{Migrations, Source};
use crate::prelude::*;
use crate::render;

/// Returns the migrations, and prints where they come from if that is not the program.
pub(super) fn migrations_of(cx: &Context, request: &Request) -> Result<Option<Migrations>> {
    let backend = request.settings.backend;
    let source = match &request.modes.from_folder {
        None => return Ok(Migrations::of_program(cx.program(), backend)?),
        Some(None) => Source::Folders,
        Some(Some(folder)) => match &request.first {
            Some(app) => Source::Folder(app, folder),
            None => {
                return Err(CommandError::new(
                    "A directory has the migrations of one app, and none is named.",
                )
                .hint("Name the app: `migrate APP_LABEL --from-folder=DIR`.")
                .into());
            }
        },
    };
    if let (Source::Folder(label, _), Some(embedded)) =
        (&source, Migrations::of_program(cx.program(), backend)?)
        && !embedded.apps().contains(label)
    {
        return Err(render::unknown_app(cx, &embedded, label));
    }
    render::migration_source(cx, &source)?;
    Migrations::of_source(cx.program(), backend, &source)
}

/// Returns the app and the migration that the arguments name. A single word that is an app's label is the app,
/// even if a migration has the same name.
pub(super) fn app_and_target(
    cx: &Context,
    migrations: &Migrations,
    first: Option<String>,
    second: Option<String>,
    modes: &Modes,
) -> Result<(Option<&'static str>, Option<String>)> {
    let installed = cx.program().registry().apps();
    let with_migrations = migrations.apps();
    let app = |label: &str| with_migrations.iter().copied().find(|app| *app == label);
    let known = |label: &str| app(label).ok_or_else(|| render::unknown_app(cx, migrations, label));
    match (first, second) {
        (None, _) if modes.prune => {
            Err(CommandError::new("Migrations can be pruned only when an app is specified.")
                .hint("Name the app: `migrate APP_LABEL --prune`.")
                .into())
        }
        (None, _) => Ok((None, None)),
        (Some(_), Some(_)) if modes.prune => {
            Err(CommandError::new("--prune takes an app, and no migration.").into())
        }
        (Some(label), Some(text)) => Ok((Some(known(&label)?), Some(text))),
        (Some(word), None) => match app(&word) {
            Some(app) => Ok((Some(app), None)),
            // A migration may be meant, except where only an app can be.
            None if modes.prune || modes.redo.is_some() || installed.contains(&word.as_str()) => {
                known(&word).map(|app| (Some(app), None))
            }
            None => Ok((None, Some(word))),
        },
    }
}
