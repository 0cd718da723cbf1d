//! What `manage::migrations!` registers: an app's migrations, compiled into the program.

use crate::command::{Location, Program};
use crate::migrations::Direction;
use crate::settings::Backend;

/// A migration that is compiled into the program: what `manage::migrations!` makes of a directory.
#[doc(hidden)]
pub struct EmbeddedMigration {
    /// The directory's name: the version and a title.
    pub name: &'static str,
    /// The text of `up.sql`.
    pub up: &'static str,
    /// The text of `down.sql`, if the file exists.
    pub down: Option<&'static str>,
    /// Whether it runs in a transaction; `metadata.toml` may turn that off.
    pub in_transaction: bool,
    /// The names of the migrations in whose place it is, as `metadata.toml` has them.
    pub replaces: &'static [&'static str],
    /// The migrations that must be applied before it: `app.migration`, and the line in `metadata.toml`.
    pub dependencies: &'static [(&'static str, usize)],
    /// Its own limits, of the table `[manage]` in `metadata.toml`.
    pub limits: MigrationLimits,
}

/// The limits of one migration, in seconds; 0 means no limit, `None` what holds for all migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct MigrationLimits {
    /// How long a statement may wait for a lock.
    pub table_lock_timeout_seconds: Option<u32>,
    /// How long a statement may run.
    pub statement_timeout_seconds: Option<u32>,
}

impl MigrationLimits {
    /// No limits of its own.
    pub const NONE: Self = Self { table_lock_timeout_seconds: None, statement_timeout_seconds: None };

    pub(in crate::migrations) fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl EmbeddedMigration {
    /// Returns Diesel's version: the name up to the first `_`, without `-`.
    pub(super) fn version(&self) -> String {
        version_of(self.name)
    }

    pub(super) fn sql(&self, direction: Direction) -> Option<&'static str> {
        match direction {
            Direction::Apply => Some(self.up),
            Direction::Revert => self.down.filter(|down| !is_unwritten(self.up, down)),
        }
    }
}

/// Returns whether a `down.sql` is empty although its `up.sql` is not. Diesel's tools refuse an empty file, too. One
/// that holds a comment says that there is nothing to revert.
pub(in crate::migrations) fn is_unwritten(up: &str, down: &str) -> bool {
    let is_blank = |text: &str| text.trim_start_matches('\u{feff}').trim().is_empty();
    let is_comment = |line: &str| line.trim_start().starts_with("--");
    is_blank(down) && !up.lines().all(|line| is_blank(line) || is_comment(line))
}

/// Returns Diesel's version of a directory's name.
pub(in crate::migrations) fn version_of(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}

/// The registration of `manage::migrations!`: an app's migrations for some of the backends.
pub struct MigrationsRegistration {
    pub(super) location: Location,
    /// The package's directory, as an absolute path.
    pub(super) package: &'static str,
    pub(super) parts: &'static [Part],
}

/// A part of `manage::migrations!`.
#[doc(hidden)]
pub enum Part {
    /// A directory of migrations, for one backend or for all.
    Folder(Option<Backend>, &'static str, &'static [EmbeddedMigration]),
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
    pub(super) fn folder(&self, backend: Backend) -> Option<(&'static str, &'static [EmbeddedMigration])> {
        self.parts.iter().find_map(|part| match part {
            Part::Folder(of, path, embedded) if of.is_none_or(|of| of == backend) => Some((*path, *embedded)),
            _ => None,
        })
    }

    /// Returns every directory, with its backend and its migrations; no backend stands for all.
    #[cfg(feature = "lint")]
    pub(super) fn folders(
        &self,
    ) -> impl Iterator<Item = (Option<Backend>, &'static str, &'static [EmbeddedMigration])> {
        self.parts.iter().filter_map(|part| match part {
            Part::Folder(of, path, embedded) => Some((*of, *path, *embedded)),
            Part::Before(_) => None,
        })
    }

    /// Returns the statements to run before each migration.
    pub(super) fn before(&self, backend: Backend) -> Vec<&'static str> {
        let lists = self.parts.iter().flat_map(|part| match part {
            Part::Before(lists) => *lists,
            Part::Folder(..) => &[],
        });
        lists.filter(|(of, _)| *of == backend).flat_map(|(_, statements)| *statements).copied().collect()
    }

    /// Returns the directory in the compiler's form: relative to the workspace's root.
    pub(super) fn shown_folder(&self, folder: &str) -> String {
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

/// Returns the registrations of a program's apps, by source location.
pub(super) fn registrations(program: &Program) -> Vec<&'static MigrationsRegistration> {
    let apps = program.registry().apps();
    let mut registrations: Vec<&MigrationsRegistration> = inventory::iter::<MigrationsRegistration>
        .into_iter()
        .filter(|registration| apps.contains(&registration.location.app()))
        .collect();
    registrations.sort_by_key(|registration| (registration.location.file, registration.location.line));
    registrations
}

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
