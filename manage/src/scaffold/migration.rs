//! A new migration's directory.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use crate::console::{echo, printable};

/// The longest name, so that the directory's name fits everywhere.
const LONGEST: usize = 100;

/// Returns the name of a new migration's directory: the time and the name. No directory of these has the
/// version.
pub(crate) fn migration_name(
    name: &str,
    now: SystemTime,
    existing: &[PathBuf],
) -> Result<String, MigrationError> {
    check_migration_name(name)?;
    let mut time = DateTime::<Utc>::from(now);
    let taken: Vec<String> =
        existing.iter().flat_map(|directory| versions(directory)).map(|(version, _)| version).collect();
    while taken.contains(&time.format("%Y%m%d%H%M%S").to_string()) {
        time += Duration::from_secs(1);
    }
    Ok(format!("{}_{name}", time.format("%Y-%m-%d-%H%M%S")))
}

/// Fails if this cannot be the part of a directory's name that follows the version.
pub(crate) fn check_migration_name(name: &str) -> Result<(), MigrationError> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_valid = is_name && name.chars().all(fits) && name.len() <= LONGEST;
    if is_valid { Ok(()) } else { Err(MigrationError::Name(name.to_owned())) }
}

/// Returns the versions and names of the migrations in a directory, in order of version.
pub(crate) fn versions(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.path().join("up.sql").is_file());
    let names = directories.filter_map(|entry| entry.file_name().into_string().ok());
    let mut versions: Vec<_> = names.map(|name| (version_of(&name), name)).collect();
    versions.sort();
    versions
}

/// Returns Diesel's version of a directory's name.
fn version_of(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}

/// A migration to write.
pub(crate) struct NewMigration {
    /// The directory of migrations.
    pub(crate) directory: PathBuf,
    pub(crate) up: String,
    pub(crate) down: String,
}

/// Writes `up.sql` and `down.sql` into new directories of one name: all of them, or none. What exists is not
/// changed.
pub(crate) fn write_migrations(
    name: &str,
    migrations: &[NewMigration],
) -> Result<Vec<PathBuf>, MigrationError> {
    let mut written = Vec::new();
    for migration in migrations {
        let path = migration.directory.join(name);
        if let Err(error) = write(&path, migration) {
            // Diesel would run a migration that is incomplete. These directories are this call's own.
            for path in &written {
                let _ = fs::remove_dir_all(path);
            }
            return Err(error);
        }
        written.push(path);
    }
    Ok(written)
}

fn write(path: &Path, migration: &NewMigration) -> Result<(), MigrationError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => MigrationError::Exists(path.to_owned()),
        _ => MigrationError::Io(path.to_owned(), error),
    };
    fs::create_dir_all(&migration.directory).map_err(failed)?;
    fs::create_dir(path).map_err(failed)?;
    for (file, text) in [("up.sql", &migration.up), ("down.sql", &migration.down)] {
        let written = File::create_new(path.join(file)).and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            let _ = fs::remove_dir_all(path);
            return Err(failed(error));
        }
    }
    Ok(())
}

/// Why there is no new migration.
#[derive(Debug)]
pub(crate) enum MigrationError {
    /// The name cannot be a migration's.
    Name(String),
    /// The directory exists.
    Exists(PathBuf),
    /// The files could not be written.
    Io(PathBuf, io::Error),
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "'{}' cannot be the name of a migration.", echo(name)),
            Self::Exists(path) => write!(f, "{} already exists; it was not changed.", printable(path)),
            Self::Io(path, error) => write!(f, "{} cannot be written: {error}.", printable(path)),
        }
    }
}

impl std::error::Error for MigrationError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(directory: &Path, up: &str) -> NewMigration {
        NewMigration { directory: directory.to_owned(), up: up.to_owned(), down: String::new() }
    }

    #[test]
    fn a_version_is_used_once() {
        let folder = tempfile::tempdir().expect("a directory");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let here = [folder.path().join("sqlite"), folder.path().join("postgres")];
        let name = |name: &str| migration_name(name, now, &here).expect("a name");
        assert_eq!(name("a"), "2026-09-21-141320_a");
        write_migrations("2026-09-21-141320_b", &[new(&here[1], "SELECT 1;")]).expect("written");
        write_migrations("20260921141321_c", &[new(&here[0], "")]).expect("written");
        assert_eq!(name("a"), "2026-09-21-141322_a");
        assert_eq!(versions(&here[1]), [("20260921141320".to_owned(), "2026-09-21-141320_b".to_owned())]);
    }

    #[test]
    fn all_are_written_or_none() {
        let folder = tempfile::tempdir().expect("a directory");
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        write_migrations("1_a", &[new(&second, "SELECT 1;")]).expect("written");
        let error =
            write_migrations("1_a", &[new(&first, ""), new(&second, "SELECT 2;")]).expect_err("it exists");
        assert!(error.to_string().ends_with("1_a already exists; it was not changed."), "{error}");
        assert!(first.exists() && !first.join("1_a").exists());
        assert_eq!(fs::read_to_string(second.join("1_a/up.sql")).expect("a file"), "SELECT 1;");
    }

    #[test]
    fn a_name_is_part_of_a_path() {
        for wrong in ["", "_a", "a/b", "..", "a b", "é", "-a", &"a".repeat(101)] {
            assert!(migration_name(wrong, SystemTime::now(), &[]).is_err(), "{wrong}");
        }
        let error = MigrationError::Name("postgres://bob:hunter2@db".to_owned());
        assert_eq!(error.to_string(), "'(a URL)' cannot be the name of a migration.");
    }
}
