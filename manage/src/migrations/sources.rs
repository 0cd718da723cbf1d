//! The migrations that are compiled into the apps of a program.

use std::fmt;

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::EmbeddedMigrations;

use super::script::Script;
use super::{Direction, PlannedMigration, recorder};
use crate::command::{Location, Program};
use crate::database::MultiBackend;
use crate::settings::Backend;

/// The registration of `manage::migrations!`: an app's migrations for some of the backends.
pub struct MigrationsRegistration {
    location: Location,
    /// The package's directory, as an absolute path.
    package: &'static str,
    parts: &'static [Part],
}

/// A part of `manage::migrations!`.
#[doc(hidden)]
pub enum Part {
    /// A directory of migrations, for one backend or for all.
    Folder(Option<Backend>, &'static str, &'static EmbeddedMigrations),
    /// The statements to run before each migration.
    Before(&'static [(Backend, &'static [&'static str])]),
}

impl MigrationsRegistration {
    #[doc(hidden)]
    pub const fn new(
        parts: &'static [Part],
        (module_path, file, line): (&'static str, &'static str, u32),
        package: &'static str,
    ) -> Self {
        Self { location: Location::new(module_path, file, line), package, parts }
    }

    /// Returns the directory for a backend, and its migrations.
    fn folder(&self, backend: Backend) -> Option<(&'static str, &'static EmbeddedMigrations)> {
        self.parts.iter().find_map(|part| match part {
            Part::Folder(of, path, embedded) if of.is_none_or(|of| of == backend) => Some((*path, *embedded)),
            _ => None,
        })
    }

    /// Returns the statements to run before each migration.
    fn before(&self, backend: Backend) -> Vec<&'static str> {
        let lists = self.parts.iter().flat_map(|part| match part {
            Part::Before(lists) => *lists,
            Part::Folder(..) => &[],
        });
        lists.filter(|(of, _)| *of == backend).flat_map(|(_, statements)| *statements).copied().collect()
    }

    /// Returns the directory in the compiler's form: relative to the workspace's root.
    fn shown_folder(&self, folder: &str) -> String {
        if folder.starts_with('/') {
            return folder.trim_end_matches('/').to_owned();
        }
        let package = package_from_root(self.package, self.location.file);
        let mut parts: Vec<&str> = package.split('/').filter(|part| !part.is_empty()).collect();
        let is_absolute = package.starts_with('/');
        for part in folder.split('/') {
            match part {
                "." | "" => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        format!("{}{}", if is_absolute { "/" } else { "" }, parts.join("/"))
    }
}

/// Returns the package's directory relative to the root from which the compiler names its files.
fn package_from_root<'a>(package: &'a str, file: &str) -> &'a str {
    let starts = std::iter::once(0).chain(package.match_indices('/').map(|(i, _)| i + 1));
    let of_file = |start: &usize| {
        let rest = file.strip_prefix(&package[*start..]).and_then(|rest| rest.strip_prefix('/'));
        // No file is directly in the package's directory.
        rest.is_some_and(|rest| rest.contains('/'))
    };
    starts.into_iter().find(of_file).map_or("", |start| &package[start..])
}

inventory::collect!(MigrationsRegistration);

/// Returns whether an app has migrations for any backend.
pub(crate) fn has_migrations(app: &str) -> bool {
    inventory::iter::<MigrationsRegistration>
        .into_iter()
        .any(|registration| registration.location.app() == app)
}

/// A migration and the app that it belongs to.
pub(super) struct Entry {
    pub(super) app: &'static str,
    pub(super) version: String,
    /// The statements to run before it.
    pub(super) before: Vec<&'static str>,
    /// The source location of `manage::migrations!`.
    pub(super) location: Location,
    migration: Box<dyn Migration<MultiBackend>>,
    backend: Backend,
    folder: String,
}

impl Entry {
    /// Returns the directory's name: the version and a title.
    pub(super) fn name(&self) -> String {
        self.migration.name().to_string()
    }

    /// Returns its SQL; `None` if this direction has no file.
    pub(super) fn script(&self, direction: Direction) -> Option<Script> {
        Some(Script::new(recorder::record(&*self.migration, direction)?, self.backend))
    }

    /// Returns the path of its SQL for messages.
    pub(super) fn file(&self, direction: Direction) -> String {
        let file = match direction {
            Direction::Apply => "up.sql",
            Direction::Revert => "down.sql",
        };
        format!("{}/{}/{file}", self.folder, self.name())
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.migration.metadata().run_in_transaction()
    }
}

/// Every migration of a program for one backend, in order of version.
pub struct Migrations {
    pub(super) entries: Vec<Entry>,
}

impl Migrations {
    /// Returns the migrations of a program's apps; `None` if no app has any.
    pub fn of_program(program: &Program, backend: Backend) -> Result<Option<Self>, SourceError> {
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
            let folder = registration.shown_folder(path);
            let migrations = MigrationSource::<MultiBackend>::migrations(embedded)
                .map_err(|error| SourceError::Unreadable { app, message: error.to_string() })?;
            entries.extend(migrations.into_iter().map(|migration| Entry {
                app,
                version: migration.name().version().to_string(),
                before: registration.before(backend),
                location: registration.location,
                migration,
                backend,
                folder: folder.clone(),
            }));
        }
        entries.sort_by(|a, b| (&a.version, a.name()).cmp(&(&b.version, b.name())));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].version == pair[1].version) {
            return Err(SourceError::SameVersion { names: [pair[0].name(), pair[1].name()] });
        }
        Ok(Some(Self { entries }))
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

    /// Returns whether a migration has a `down.sql`.
    pub fn is_reversible(&self, row: &PlannedMigration) -> bool {
        self.entry(row).is_some_and(|entry| recorder::record(&*entry.migration, Direction::Revert).is_some())
    }

    pub(super) fn entry(&self, row: &PlannedMigration) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.version == row.version)
    }

    /// Iterates over the name of each migration, its SQL, and the statements before it, in order of version.
    #[cfg(feature = "testing")]
    pub(crate) fn each(&self) -> impl Iterator<Item = (String, String, &[&'static str])> {
        self.entries.iter().map(|entry| {
            let sql = recorder::record(&*entry.migration, Direction::Apply).unwrap_or_default();
            (entry.name(), sql, entry.before.as_slice())
        })
    }

    /// Returns the name of each migration and its app, in order of version.
    pub(crate) fn names(&self) -> impl Iterator<Item = (String, &'static str)> + '_ {
        self.entries.iter().map(|entry| (entry.name(), entry.app))
    }

    /// Returns the version and the name of each migration, in order of version.
    pub(crate) fn versions(&self) -> Vec<(String, String)> {
        self.entries.iter().map(|entry| (entry.version.clone(), entry.name())).collect()
    }
}

/// Returns the registrations of a program's apps, by source location.
fn registrations(program: &Program) -> Vec<&'static MigrationsRegistration> {
    let apps = program.registry().apps();
    let mut registrations: Vec<&MigrationsRegistration> = inventory::iter::<MigrationsRegistration>
        .into_iter()
        .filter(|registration| apps.contains(&registration.location.app()))
        .collect();
    registrations.sort_by_key(|registration| (registration.location.file, registration.location.line));
    registrations
}

/// Why the migrations of a program cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// An app has migrations, but none for this backend.
    NoFolder {
        /// The app's label.
        app: &'static str,
        /// The backend of the database.
        backend: Backend,
        /// The source location of `manage::migrations!`.
        place: String,
    },
    /// Diesel cannot read an app's migrations.
    Unreadable {
        /// The app's label.
        app: &'static str,
        /// Diesel's message.
        message: String,
    },
    /// Two migrations have the same version. Diesel records only the version, so it would never apply the
    /// second one.
    SameVersion {
        /// The names of the two directories.
        names: [String; 2],
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder { app, backend, place } => {
                write!(f, "The app '{app}' has no migrations for {backend}: name their directory at {place}.")
            }
            Self::Unreadable { app, message } => {
                write!(f, "The migrations of the app '{app}' cannot be read: {message}.")
            }
            Self::SameVersion { names: [first, second] } => {
                write!(
                    f,
                    "Two migrations have the same version: {first} and {second}. Give one of them another timestamp."
                )
            }
        }
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_as_the_compiler_shows_it() {
        for (package, file, folder, expected) in [
            ("/srv/shop", "src/lib.rs", "migrations", "migrations"),
            ("/srv/blog/app", "app/src/lib.rs", "../migrations/sqlite", "migrations/sqlite"),
            ("/srv/blog/crates/app", "crates/app/src/lib.rs", "./migrations", "crates/app/migrations"),
            ("/srv/src", "src/lib.rs", "migrations", "migrations"),
            (
                "/cargo/registry/app-1.0",
                "/cargo/registry/app-1.0/src/lib.rs",
                "migrations",
                "/cargo/registry/app-1.0/migrations",
            ),
            ("/srv/shop", "src/lib.rs", "../migrations", "../migrations"),
            ("/srv/shop", "src/lib.rs", "/srv/migrations/", "/srv/migrations"),
        ] {
            let registration = MigrationsRegistration::new(
                &[],
                ("app", Box::leak(file.to_owned().into()), 1),
                Box::leak(package.to_owned().into()),
            );
            assert_eq!(registration.shown_folder(folder), expected, "{package}");
        }
    }
}
