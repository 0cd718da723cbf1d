//! The migrations that the apps of a program carry in themselves.

use std::fmt;

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::EmbeddedMigrations;

use crate::Program;
use crate::command::Location;
use crate::database::MultiBackend;
use crate::settings::Backend;

/// What `manage::migrations!` leaves behind: an app's migrations for some of the backends.
pub struct Registration {
    location: Location,
    /// By backend; `None` stands for all of them.
    folders: &'static [(Option<Backend>, &'static EmbeddedMigrations)],
}

impl Registration {
    #[doc(hidden)]
    pub const fn new(
        folders: &'static [(Option<Backend>, &'static EmbeddedMigrations)],
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { location: Location::new(module_path, file, line), folders }
    }
}

inventory::collect!(Registration);

/// Whether an app carries migrations, for whatever backend.
pub(crate) fn has_migrations(app: &str) -> bool {
    inventory::iter::<Registration>.into_iter().any(|registration| registration.location.app() == app)
}

/// One migration and the app that it belongs to.
pub(super) struct Entry {
    pub(super) app: &'static str,
    pub(super) version: String,
    pub(super) migration: Box<dyn Migration<MultiBackend>>,
}

impl Entry {
    /// The folder's name: the version and what it is about.
    pub(super) fn name(&self) -> String {
        self.migration.name().to_string()
    }
}

/// Every migration of a program for one backend, by version.
pub struct Migrations {
    pub(super) entries: Vec<Entry>,
}

impl Migrations {
    /// The migrations of the apps of a program; `None` where no app has any.
    pub fn of_program(program: &Program, backend: Backend) -> Result<Option<Self>, SourceError> {
        let apps = program.registry().apps();
        let mut registrations: Vec<&Registration> = inventory::iter::<Registration>
            .into_iter()
            .filter(|registration| apps.contains(&registration.location.app()))
            .collect();
        if registrations.is_empty() {
            return Ok(None);
        }
        registrations.sort_by_key(|registration| (registration.location.file, registration.location.line));
        let mut entries = Vec::new();
        for registration in registrations {
            let app = registration.location.app();
            let folder = registration.folders.iter().find(|(of, _)| of.is_none_or(|of| of == backend));
            let Some((_, embedded)) = folder else {
                return Err(SourceError::NoFolder { app, backend, place: registration.location.to_string() });
            };
            let migrations = MigrationSource::<MultiBackend>::migrations(*embedded)
                .map_err(|error| SourceError::Unreadable { app, message: error.to_string() })?;
            entries.extend(migrations.into_iter().map(|migration| {
                let version = migration.name().version().to_string();
                Entry { app, version, migration }
            }));
        }
        entries.sort_by(|a, b| (&a.version, a.name()).cmp(&(&b.version, b.name())));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].version == pair[1].version) {
            return Err(SourceError::SameVersion { names: [pair[0].name(), pair[1].name()] });
        }
        Ok(Some(Self { entries }))
    }
}

impl Migrations {
    /// The name of each and itself, by version.
    #[cfg(feature = "testing")]
    pub(crate) fn each(&self) -> impl Iterator<Item = (String, &dyn Migration<MultiBackend>)> {
        self.entries.iter().map(|entry| (entry.name(), &*entry.migration))
    }

    /// The name of each and the app that it belongs to, by version.
    pub(crate) fn names(&self) -> impl Iterator<Item = (String, &'static str)> + '_ {
        self.entries.iter().map(|entry| (entry.name(), entry.app))
    }

    /// The version and the name of each, by version.
    pub(crate) fn versions(&self) -> Vec<(String, String)> {
        self.entries.iter().map(|entry| (entry.version.clone(), entry.name())).collect()
    }
}

/// Why the migrations of a program cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// An app has migrations, but none for this backend.
    NoFolder {
        /// The app's label.
        app: &'static str,
        /// The backend of the database at hand.
        backend: Backend,
        /// Where `manage::migrations!` stands.
        place: String,
    },
    /// Diesel cannot read an app's migrations.
    Unreadable {
        /// The app's label.
        app: &'static str,
        /// What Diesel says.
        message: String,
    },
    /// Diesel keeps only the version, so that the second of two would never be applied.
    SameVersion {
        /// The names of the two folders.
        names: [String; 2],
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder { app, backend, place } => {
                write!(f, "The app '{app}' has no migrations for {backend}: name their folder at {place}.")
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
