//! Migrations from directories, instead of those that are compiled into the program: to try one before it is
//! built in.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use crate::console::{printable, printable_lines};

use super::registration::{EmbeddedMigration, MigrationLimits};

/// Why a directory of migrations cannot be used.
#[derive(Debug)]
pub(crate) struct FolderError {
    /// The file or directory.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", printable(&self.path), printable_lines(&self.problem))
    }
}

impl std::error::Error for FolderError {}

/// The keys of `metadata.toml`.
#[derive(serde::Deserialize)]
struct Metadata {
    run_in_transaction: bool,
    #[serde(default)]
    manage: Own,
    // Elsewhere these keys would be without effect.
    dependencies: Option<IgnoredAny>,
    replaces: Option<IgnoredAny>,
    table_lock_timeout_seconds: Option<IgnoredAny>,
    statement_timeout_seconds: Option<IgnoredAny>,
}

impl Metadata {
    /// Returns a key that is outside of its table.
    fn misplaced(&self) -> Option<&'static str> {
        let keys = [
            ("dependencies", &self.dependencies),
            ("replaces", &self.replaces),
            ("table_lock_timeout_seconds", &self.table_lock_timeout_seconds),
            ("statement_timeout_seconds", &self.statement_timeout_seconds),
        ];
        keys.into_iter().find(|(_, value)| value.is_some()).map(|(key, _)| key)
    }
}

/// The keys of its table `[manage]`.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Own {
    dependencies: Vec<toml::Spanned<String>>,
    replaces: Vec<String>,
    table_lock_timeout_seconds: Option<u32>,
    statement_timeout_seconds: Option<u32>,
}

/// Reads the migrations of a directory, with the rules of `manage::migrations!`. They stay in memory until the
/// process ends.
pub(super) fn read(folder: &Path) -> Result<&'static [EmbeddedMigration], FolderError> {
    let error =
        |problem: std::io::Error| FolderError { path: folder.to_owned(), problem: problem.to_string() };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') {
            found.push((name, path));
        }
    }
    found.sort();
    let read = found.into_iter().map(|(name, path)| migration(name, &path)).collect::<Result<Vec<_>, _>>()?;
    Ok(read.leak())
}

fn migration(name: String, folder: &Path) -> Result<EmbeddedMigration, FolderError> {
    let file = |name: &str| -> Result<Option<String>, FolderError> {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FolderError { path, problem: error.to_string() }),
        }
    };
    let problem = |name: &str, problem: String| FolderError { path: folder.join(name), problem };
    let up = file("up.sql")?.ok_or_else(|| {
        problem("up.sql", "the file does not exist: write it, or remove the directory".into())
    })?;
    let mut in_transaction = true;
    let mut dependencies = Vec::new();
    let mut replaces = Vec::new();
    let mut limits = MigrationLimits::NONE;
    if let Some(text) = file("metadata.toml")? {
        let read: Metadata = toml::from_str(&text)
            .map_err(|error| problem("metadata.toml", error.to_string().trim_end().to_owned()))?;
        if let Some(key) = read.misplaced() {
            return Err(problem("metadata.toml", format!("`{key}` belongs into the table `[manage]`")));
        }
        in_transaction = read.run_in_transaction;
        let own = read.manage;
        replaces.extend(own.replaces.into_iter().map(leaked));
        limits.table_lock_timeout_seconds = own.table_lock_timeout_seconds;
        limits.statement_timeout_seconds = own.statement_timeout_seconds;
        dependencies.extend(own.dependencies.into_iter().map(|dependency| {
            let line = text[..dependency.span().start].matches('\n').count() + 1;
            (leaked(dependency.into_inner()), line)
        }));
    }
    Ok(EmbeddedMigration {
        name: leaked(name),
        up: leaked(up),
        down: file("down.sql")?.map(leaked),
        in_transaction,
        replaces: replaces.leak(),
        dependencies: dependencies.leak(),
        limits,
    })
}

fn leaked(text: String) -> &'static str {
    text.leak()
}
