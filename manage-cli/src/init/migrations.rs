//! The directories of a package's migrations.

use std::fs;
use std::path::Path;

use toml_edit::DocumentMut;

use super::{by_hand, read};
use crate::backend::Backend;
use crate::error::Result;

/// Diesel's own name of the directory.
const DIRECTORY: &str = "migrations";

/// Where a package's migrations are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MigrationsIn {
    Nowhere,
    /// One directory for every backend, relative to the package.
    One(String),
    /// A directory for each backend, below one.
    Each(String, Vec<(Backend, String)>),
}

impl MigrationsIn {
    /// Looks where `diesel.toml` says, or else in `migrations`.
    pub(crate) fn find(package: &Path) -> Result<Self> {
        let named = match read(&package.join("diesel.toml"))?.map(|text| text.parse::<DocumentMut>()) {
            Some(Ok(file)) => {
                let directory = file.get("migrations_directory").and_then(|table| table.get("dir")?.as_str());
                directory.map(|directory| directory.trim_end_matches('/').to_owned())
            }
            _ => None,
        };
        // A path of one machine is not for the project's source.
        let named = named.filter(|name| Path::new(name).is_relative() && package.join(name).is_dir());
        let directory = named.unwrap_or_else(|| DIRECTORY.to_owned());
        if !package.join(&directory).is_dir() {
            return Ok(Self::Nowhere);
        }
        // `diesel.toml` names one of several, since Diesel's command line uses one.
        let (above, last) = directory.rsplit_once('/').unwrap_or(("", &directory));
        let parent =
            if Backend::of_directory(last).is_some() && !above.is_empty() { above } else { &directory };
        Self::in_directory(package, parent)
    }

    fn in_directory(package: &Path, directory: &str) -> Result<Self> {
        let path = package.join(directory);
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        let names = entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        let has_sql = |name: &str| path.join(name).join("up.sql").is_file();
        let backend = |name: &str| Backend::of_directory(name).filter(|_| !has_sql(name));
        let backends: Vec<(Backend, String)> =
            names.iter().filter_map(|name| Some((backend(name)?, format!("{directory}/{name}")))).collect();
        if backends.is_empty() {
            return Ok(Self::One(directory.to_owned()));
        }
        let mut once: Vec<Backend> = backends.iter().map(|(backend, _)| *backend).collect();
        once.dedup();
        if backends.len() < names.len() || once.len() < backends.len() {
            let line = "manage::migrations! { sqlite: \"…\", postgres: \"…\" }".to_owned();
            let why =
                "some of its directories are of backends, and others are not, or two are of one backend";
            return Err(by_hand(&path, why, &[format!("{line}    (in src/lib.rs)")]));
        }
        Ok(Self::Each(directory.to_owned(), backends))
    }

    /// Returns the lines that declare them.
    pub(crate) fn declaration(&self) -> Vec<String> {
        match self {
            Self::Nowhere => Vec::new(),
            Self::One(directory) => vec![format!("manage::migrations!({directory:?});")],
            Self::Each(_, directories) => {
                let line = |(backend, directory): &(Backend, String)| {
                    format!("    {}: {directory:?},", backend.name())
                };
                let first = "manage::migrations! {".to_owned();
                [first].into_iter().chain(directories.iter().map(line)).chain(["}".to_owned()]).collect()
            }
        }
    }

    /// Returns the directory that cargo has to watch.
    pub(crate) fn directory(&self) -> Option<&str> {
        match self {
            Self::Nowhere => None,
            Self::One(directory) | Self::Each(directory, _) => Some(directory),
        }
    }
}
