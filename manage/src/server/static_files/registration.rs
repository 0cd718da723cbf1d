//! The registration of an app's directory.

use std::path::PathBuf;

use rust_embed::EmbeddedFile;

use crate::command::Location;

/// What `manage::static_files!` registers.
pub struct StaticRegistration {
    get: fn(&str) -> Option<EmbeddedFile>,
    /// In a program that contains the files, there is none.
    directory: Option<&'static str>,
    pub(super) location: Location,
}

impl StaticRegistration {
    #[doc(hidden)]
    pub const fn new(
        get: fn(&str) -> Option<EmbeddedFile>,
        directory: Option<&'static str>,
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { get, directory, location: Location::new(module_path, file, line) }
    }

    /// Returns a file by its path below the directory.
    pub(super) fn file(&self, path: &str) -> Option<EmbeddedFile> {
        // rust-embed has other paths only in development, and only of files below the directory.
        let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_plain.then(|| (self.get)(path))?
    }

    /// Returns the directories from which files are read for each request.
    pub(super) fn directories() -> Vec<PathBuf> {
        inventory::iter::<Self>
            .into_iter()
            .filter_map(|registration| Some(registration.directory?.into()))
            .collect()
    }

    /// Returns the registration of an app.
    pub(super) fn of(app: &str) -> Option<&'static Self> {
        inventory::iter::<Self>.into_iter().find(|registration| registration.location.app() == app)
    }
}

inventory::collect!(StaticRegistration);
