//! The registration of an app's directory.

use rust_embed::EmbeddedFile;

use crate::command::Location;

/// What `manage::static_files!` registers.
pub struct StaticRegistration {
    get: fn(&str) -> Option<EmbeddedFile>,
    pub(super) location: Location,
}

impl StaticRegistration {
    #[doc(hidden)]
    pub const fn new(
        get: fn(&str) -> Option<EmbeddedFile>,
        module_path: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { get, location: Location::new(module_path, file, line) }
    }

    /// Returns a file by its path below the directory.
    pub(super) fn file(&self, path: &str) -> Option<EmbeddedFile> {
        // rust-embed has other paths only in development, and only of files below the directory.
        let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_plain.then(|| (self.get)(path))?
    }

    /// Returns the registration of an app.
    pub(super) fn of(app: &str) -> Option<&'static Self> {
        inventory::iter::<Self>.into_iter().find(|registration| registration.location.app() == app)
    }
}

inventory::collect!(StaticRegistration);
