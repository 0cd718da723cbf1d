//! The migration that takes the place of several, and how it is written.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::SquashError;
use super::combined::Combined;
use super::directory::Directory;
use crate::console::printable;
use crate::migrations::journal::Recorded;
use crate::migrations::source::version_of;
use crate::migrations::{MigrationPlan, Migrations, TargetError};
use crate::scaffold::{check_migration_name, versions};
use crate::settings::Backend;

/// Which migrations of an app are squashed, as the user names them.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) app: String,
    /// The first one; without it, the app's first.
    pub(crate) first: Option<String>,
    pub(crate) last: String,
    /// The title of the new one.
    pub(crate) title: Option<String>,
}

/// A migration that takes the place of several.
pub(crate) struct Squashed {
    /// The new directory.
    pub(crate) path: PathBuf,
    /// The directories that it replaces.
    pub(crate) replaced: Vec<PathBuf>,
    /// What its author should look at.
    pub(crate) notes: Vec<String>,
    files: Vec<(&'static str, String)>,
}

/// Combines the migrations of a range, which are in this directory. Nothing is written.
pub(crate) fn squash(
    migrations: &Migrations,
    directory: &Path,
    backend: Backend,
    range: &Range,
) -> Result<Squashed, SquashError> {
    let names = names(migrations, range)?;
    let directories =
        names.iter().map(|name| Directory::read(directory, name)).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (names.first(), names.last()) else {
        return Err(SquashError::Target(TargetError::Unknown(range.last.clone())));
    };
    if names.len() == 1 {
        return Err(SquashError::Single((*last).to_owned()));
    }
    let stamp = last.split('_').next().unwrap_or_default();
    check_present(directory, &names)?;
    let title = match &range.title {
        Some(title) => title.clone(),
        None => format!("squashed_{}_to_{}", title(first), title(last)),
    };
    check_migration_name(&title).map_err(|error| SquashError::Name(error.to_string()))?;
    let path = directory.join(format!("{stamp}_{title}"));
    if path.exists() {
        return Err(SquashError::Name(format!("{} already exists.", printable(&path))));
    }
    let Combined { up, down, metadata, mut notes } = Combined::of(&directories, backend)?;
    notes.extend(overtaken(migrations, &range.app, &names).map(|(name, app)| {
        format!("{name} of the app '{app}' was between them, and now runs before the new one.")
    }));
    let mut files = vec![("metadata.toml", metadata), ("up.sql", up)];
    files.extend(down.map(|down| ("down.sql", down)));
    let replaced = directories.into_iter().map(|directory| directory.path).collect();
    Ok(Squashed { path, replaced, notes, files })
}

impl Squashed {
    /// Writes the new directory, and then deletes those that it replaces.
    pub(crate) fn write(&self) -> Result<(), SquashError> {
        let failed = |path: &Path, error| SquashError::Io(path.to_owned(), error);
        fs::create_dir(&self.path).map_err(|error| failed(&self.path, error))?;
        for (file, text) in &self.files {
            let path = self.path.join(file);
            let written = File::create_new(&path)
                .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
            if let Err(error) = written {
                // It is this call's own.
                let _ = fs::remove_dir_all(&self.path);
                return Err(failed(&path, error));
            }
        }
        for path in &self.replaced {
            fs::remove_dir_all(path).map_err(|error| failed(path, error))?;
        }
        Ok(())
    }

    /// Returns the new files: each name, and its text.
    pub(crate) fn files(&self) -> impl Iterator<Item = (PathBuf, &str)> {
        self.files.iter().map(|(file, text)| (self.path.join(file), text.as_str()))
    }
}

/// Returns the names of the app's migrations in a range, in order of version.
fn names<'a>(migrations: &'a Migrations, range: &Range) -> Result<Vec<&'a str>, SquashError> {
    // Which of them are applied makes no difference.
    let mut plan = MigrationPlan::new(migrations, &Recorded::default());
    plan.rows.retain(|row| row.app == Some(range.app.as_str()));
    let version = |text: &str| plan.version(text).map_err(SquashError::Target);
    let last = version(&range.last)?;
    let first = range.first.as_deref().map(version).transpose()?;
    let of_app = migrations.entries.iter().filter(|entry| entry.app == range.app);
    let name = |version: &String| {
        let mut entries = migrations.entries.iter();
        entries.find(|entry| entry.version == *version).map_or_else(String::new, |one| one.name().to_owned())
    };
    if let Some(first) = first.as_ref().filter(|first| **first > last) {
        return Err(SquashError::Backwards { first: name(first), last: name(&last) });
    }
    let is_within =
        |version: &String| first.as_ref().is_none_or(|first| version >= first) && *version <= last;
    Ok(of_app.filter(|entry| is_within(&entry.version)).map(|entry| entry.name()).collect())
}

/// Returns the migrations of other apps between these, and their apps.
fn overtaken<'a>(
    migrations: &'a Migrations,
    app: &'a str,
    names: &'a [&str],
) -> impl Iterator<Item = (&'static str, &'static str)> + 'a {
    let is_first = |name: &str| names.first() == Some(&name);
    let is_last = |name: &str| names.last() == Some(&name);
    let within = migrations.names().skip_while(move |(name, _)| !is_first(name));
    within.take_while(move |(name, _)| !is_last(name)).filter(move |(_, of)| *of != app)
}

/// Fails if the directory has migrations between these of which the program knows nothing.
fn check_present(directory: &Path, names: &[&str]) -> Result<(), SquashError> {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return Ok(()) };
    let range = version_of(first)..=version_of(last);
    let unknown = versions(directory)
        .into_iter()
        .find(|(version, name)| range.contains(version) && !names.contains(&name.as_str()));
    unknown.map_or(Ok(()), |(_, name)| Err(SquashError::Stale(directory.join(name))))
}

/// Returns the part of a migration's name behind the version.
fn title(name: &str) -> &str {
    name.split_once('_').map_or("", |(_, title)| title)
}
