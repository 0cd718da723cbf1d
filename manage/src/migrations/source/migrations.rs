//! The migrations of a program's apps, in the order in which they are applied.

use std::collections::BTreeSet;
use std::path::Path;

use super::dependencies::order;
use super::error::SourceError;
use super::folders;
use super::registration::{
    EmbeddedMigration, MigrationLimits, MigrationsRegistration, registrations, version_of,
};
use crate::command::{Location, Program};
use crate::migrations::script::Script;
use crate::migrations::{Direction, PlannedMigration};
use crate::settings::Backend;

/// A migration and the app that it belongs to.
pub(crate) struct Entry {
    pub(in crate::migrations) app: &'static str,
    pub(in crate::migrations) version: String,
    /// The versions of the migrations that must be applied before it, as `metadata.toml` names them.
    pub(in crate::migrations) dependencies: Vec<String>,
    /// The statements to run before it.
    pub(in crate::migrations) before: Vec<&'static str>,
    /// The source location of `manage::migrations!`.
    pub(in crate::migrations) location: Location,
    pub(super) migration: &'static EmbeddedMigration,
    backend: Backend,
    folder: String,
}

impl Entry {
    /// Returns the directory's name: the version and a title.
    pub(crate) fn name(&self) -> &'static str {
        self.migration.name
    }

    /// Returns the text of its `up.sql`.
    pub(in crate::migrations) fn up(&self) -> &'static str {
        self.migration.up
    }

    /// Returns the text of its file; `None` if this direction has none.
    pub(in crate::migrations) fn text(&self, direction: Direction) -> Option<&'static str> {
        self.migration.sql(direction)
    }

    /// Returns its SQL; `None` if this direction has no file.
    pub(in crate::migrations) fn script(&self, direction: Direction) -> Option<Script> {
        Some(Script::new(self.migration.sql(direction)?, self.backend))
    }

    /// Returns the path of its SQL for messages.
    pub(in crate::migrations) fn file(&self, direction: Direction) -> String {
        let file = match direction {
            Direction::Apply => "up.sql",
            Direction::Revert => "down.sql",
        };
        format!("{}/{}/{file}", self.folder, self.name())
    }

    /// Returns the names of the migrations in whose place it is.
    pub(in crate::migrations) fn replaces(&self) -> &'static [&'static str] {
        self.migration.replaces
    }

    /// Returns the versions of these, without its own.
    pub(in crate::migrations) fn replaced_versions(&self) -> Vec<String> {
        let versions = self.replaces().iter().map(|name| version_of(name));
        versions.filter(|version| *version != self.version).collect()
    }

    /// Returns the path of its `metadata.toml` for messages.
    pub(super) fn metadata(&self) -> String {
        format!("{}/{}/metadata.toml", self.folder, self.name())
    }

    pub(in crate::migrations) fn limits(&self) -> &MigrationLimits {
        &self.migration.limits
    }

    #[cfg(feature = "lint")]
    pub(in crate::migrations) fn backend(&self) -> Backend {
        self.backend
    }

    pub(in crate::migrations) fn is_in_transaction(&self) -> bool {
        self.migration.in_transaction
    }
}

/// Returns the migrations of one directory, which is `folder` in messages.
fn entries_of(
    registration: &MigrationsRegistration,
    folder: String,
    migrations: &'static [EmbeddedMigration],
    backend: Backend,
) -> impl Iterator<Item = Entry> {
    let (location, before) = (registration.location, registration.before(backend));
    migrations.iter().map(move |migration| Entry {
        app: location.app(),
        version: migration.version(),
        dependencies: Vec::new(),
        before: before.clone(),
        location,
        migration,
        backend,
        folder: folder.clone(),
    })
}

/// Returns the migrations of all directories: each for the backend that it is written for, those for every
/// backend for this one.
#[cfg(feature = "lint")]
pub(in crate::migrations) fn of_all_directories(program: &Program, backend: Backend) -> Vec<Entry> {
    let mut entries = Vec::new();
    for registration in registrations(program) {
        for (of, path, embedded) in registration.folders() {
            let folder = registration.shown_folder(path);
            entries.extend(entries_of(registration, folder, embedded, of.unwrap_or(backend)));
        }
    }
    entries
}

/// Where migrations come from, if they are not those that are compiled into the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// The directories from which they were compiled in.
    Folders,
    /// One directory, for the migrations of an app.
    Folder(&'a str, &'a Path),
}

/// Every migration of a program for one backend, in the order in which they are applied: dependencies first,
/// otherwise by version.
pub struct Migrations {
    pub(in crate::migrations) entries: Vec<Entry>,
}

impl Migrations {
    /// Returns the migrations of a program's apps; `None` if no app has any.
    pub fn of_program(program: &Program, backend: Backend) -> Result<Option<Self>, SourceError> {
        let embedded = |registration: &MigrationsRegistration, path: &str, embedded| {
            Ok((registration.shown_folder(path), embedded))
        };
        Self::from(program, backend, embedded)
    }

    /// Like [`Migrations::of_program`], from another source, if one is given.
    pub(crate) fn of_source(
        program: &Program,
        backend: Backend,
        source: Option<&Source<'_>>,
    ) -> crate::error::Result<Option<Self>> {
        let Some(source) = source else { return Ok(Self::of_program(program, backend)?) };
        let read = |registration: &MigrationsRegistration, path: &str, embedded| match source {
            Source::Folder(app, folder) if registration.location.app() == *app => {
                Ok((folder.display().to_string(), folders::read(folder)?))
            }
            Source::Folder(..) => Ok((registration.shown_folder(path), embedded)),
            Source::Folders => {
                let folder = Path::new(registration.package).join(path);
                Ok((registration.shown_folder(path), folders::read(&folder)?))
            }
        };
        let mut failed = None;
        let read = |registration: &MigrationsRegistration, path: &str, embedded| {
            read(registration, path, embedded).or_else(|error: folders::FolderError| {
                failed = Some(error);
                Ok((String::new(), &[] as &[_]))
            })
        };
        let migrations = Self::from(program, backend, read);
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(migrations?),
        }
    }

    fn from(
        program: &Program,
        backend: Backend,
        mut read: impl FnMut(
            &MigrationsRegistration,
            &str,
            &'static [EmbeddedMigration],
        ) -> Result<(String, &'static [EmbeddedMigration]), SourceError>,
    ) -> Result<Option<Self>, SourceError> {
        let registrations = registrations(program);
        if registrations.is_empty() {
            return Ok(None);
        }
        let mut entries = Vec::new();
        for registration in registrations {
            let app = registration.location.app();
            let Some((path, embedded)) = registration.folder(backend) else {
                return Err(SourceError::NoFolder { app, backend, place: registration.location.to_string() });
            };
            let (folder, migrations) = read(registration, path, embedded)?;
            entries.extend(entries_of(registration, folder, migrations, backend));
        }
        entries.sort_by(|a, b| (&a.version, a.name()).cmp(&(&b.version, b.name())));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].version == pair[1].version) {
            return Err(SourceError::SameVersion {
                names: [pair[0].name(), pair[1].name()].map(str::to_owned),
            });
        }
        Ok(Some(Self { entries: order(entries)? }))
    }

    /// Returns the problems of a program's migrations for all backends. An app need not have migrations for
    /// every backend.
    pub(crate) fn problems(program: &Program) -> Vec<SourceError> {
        let mut problems = Vec::new();
        for backend in Backend::ALL.into_iter().filter(|backend| backend.is_compiled_in()) {
            match Self::of_program(program, backend) {
                Ok(_) | Err(SourceError::NoFolder { .. }) => {}
                Err(error) if problems.contains(&error) => {}
                Err(error) => problems.push(error),
            }
        }
        problems
    }

    /// Returns whether a migration has a `down.sql` that is not empty. An empty one is enough for an empty `up.sql`.
    pub fn is_reversible(&self, row: &PlannedMigration) -> bool {
        self.entry(row).is_some_and(|entry| entry.text(Direction::Revert).is_some())
    }

    pub(in crate::migrations) fn entry(&self, row: &PlannedMigration) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.version == row.version)
    }

    /// Iterates over the name of each migration, its SQL, and the statements before it, in the order of application.
    #[cfg(feature = "testing")]
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str, &[&'static str])> {
        self.entries.iter().map(|entry| (entry.name(), entry.migration.up, entry.before.as_slice()))
    }

    /// Returns the labels of the apps that have migrations, in alphabetical order.
    pub(crate) fn apps(&self) -> Vec<&'static str> {
        let apps: BTreeSet<&str> = self.entries.iter().map(|entry| entry.app).collect();
        apps.into_iter().collect()
    }

    /// Returns the name of each migration and its app, in order of version.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.entries.iter().map(|entry| (entry.name(), entry.app))
    }

    /// Returns the version and the name of each migration, in order of version.
    pub(crate) fn versions(&self) -> Vec<(String, String)> {
        self.entries.iter().map(|entry| (entry.version.clone(), entry.name().to_owned())).collect()
    }
}
