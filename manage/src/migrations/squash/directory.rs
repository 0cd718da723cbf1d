//! A migration's directory, as it is on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::SquashError;

/// What a migration's directory contains.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) up: String,
    pub(super) down: Option<String>,
    pub(super) metadata: toml::Table,
}

impl Directory {
    /// Reads the migration of this name. It must not contain other files: they would be lost.
    pub(super) fn read(parent: &Path, name: &str) -> Result<Self, SquashError> {
        let path = parent.join(name);
        let failed = |path: &Path, error| SquashError::Io(path.to_owned(), error);
        for entry in fs::read_dir(&path).map_err(|_| SquashError::Stale(path.clone()))? {
            let entry = entry.map_err(|error| failed(&path, error))?;
            let is_part =
                ["up.sql", "down.sql", "metadata.toml"].iter().any(|file| entry.file_name() == *file);
            if !is_part {
                return Err(SquashError::Foreign(entry.path()));
            }
        }
        let text = |file: &str| -> Result<Option<String>, SquashError> {
            let path = path.join(file);
            match fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(failed(&path, error)),
            }
        };
        let up = text("up.sql")?.ok_or_else(|| SquashError::Stale(path.join("up.sql")))?;
        let metadata = match text("metadata.toml")? {
            None => toml::Table::new(),
            Some(text) => text.parse().map_err(|error: toml::de::Error| {
                SquashError::Metadata(path.join("metadata.toml"), error.message().to_owned())
            })?,
        };
        Ok(Self { name: name.to_owned(), up, down: text("down.sql")?, metadata, path })
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.metadata.get("run_in_transaction").and_then(toml::Value::as_bool).unwrap_or(true)
    }

    /// Returns the table `[manage]`.
    pub(super) fn own(&self) -> Option<&toml::Table> {
        self.metadata.get("manage")?.as_table()
    }

    /// Returns the names that an array of that table contains.
    pub(super) fn names(&self, key: &str) -> Result<Vec<String>, SquashError> {
        let Some(value) = self.own().and_then(|own| own.get(key)) else { return Ok(Vec::new()) };
        let names = value.as_array().and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        names.ok_or_else(|| {
            let why = format!("`{key}` must be an array of names.");
            SquashError::Metadata(self.path.join("metadata.toml"), why)
        })
    }
}
