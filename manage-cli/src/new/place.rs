//! Where a new project goes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::output::shown;

/// How many entries of a directory that is in the way are named.
const NAMED: usize = 5;

/// The directory of a new project, which does not exist or is empty.
#[derive(Debug)]
pub(crate) struct Place {
    /// An absolute path.
    pub(crate) directory: PathBuf,
    /// The last part of the path.
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn of(directory: &Path) -> Result<Self> {
        // `shop/..` is another directory, and the program that called this one is in `.`.
        let name = directory.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            Error::usage(format!("{} cannot be a new directory.", shown(directory)))
                .hint("Name a directory that does not exist, as in `cargo manage new shop`.")
        })?;
        let place = Self { name: name.to_owned(), directory: resolved(directory)? };
        place.check()?;
        Ok(place)
    }

    /// Returns the directory that it is in.
    pub(crate) fn parent(&self) -> &Path {
        self.directory.parent().unwrap_or(Path::new("/"))
    }

    /// Fails if something is in the way.
    pub(crate) fn check(&self) -> Result<()> {
        let mut names: Vec<String> = match fs::read_dir(&self.directory) {
            Ok(entries) => entries.flatten().map(|entry| shown(Path::new(&entry.file_name()))).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => match self.directory.symlink_metadata() {
                Ok(_) => return Err(self.exists("a link to nothing")),
                Err(_) => return Ok(()),
            },
            Err(error) if error.kind() == ErrorKind::NotADirectory && self.directory.is_file() => {
                return Err(self.exists("a file"));
            }
            Err(error) => return Err(Error::io(&self.directory, "read", &error)),
        };
        if names.is_empty() {
            return Ok(());
        }
        names.sort();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let hint = if names.iter().any(|name| name == "Cargo.toml") {
            "Inside it, `cargo manage init` adds manage to the existing package."
        } else {
            "Choose another directory; --name gives the package a name of its own."
        };
        Err(Error::new(format!(
            "{} exists and is not empty: it contains {}{more}. Nothing was changed.",
            shown(&self.directory),
            names.join(", ")
        ))
        .hint(hint))
    }

    fn exists(&self, what: &str) -> Error {
        Error::new(format!("{} exists, as {what}. Nothing was changed.", shown(&self.directory)))
            .hint("Choose another directory.")
    }
}

/// Returns an absolute path without links and without `..`. It may not exist.
fn resolved(path: &Path) -> Result<PathBuf> {
    let failed = |error| Error::io(path, "used", &error);
    let absolute = std::path::absolute(path).map_err(failed)?;
    // The last name is not followed: a link is in the way.
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    let existing = parent.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
    let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
    if rest.components().any(|part| part == Component::ParentDir) {
        return Err(failed(ErrorKind::NotFound.into()));
    }
    Ok(existing.canonicalize().map_err(failed)?.join(rest))
}
