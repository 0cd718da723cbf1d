//! Where the user wants migrations to be read.

use std::path::Path;

use super::{Migrations, Source};
use crate::command::Program;
use crate::error::Result;
use crate::migrations::RequestError;
use crate::settings::Backend;

impl<'a> Source<'a> {
    /// Returns what `--from-folder[=DIR]` says, as clap reads it; `None` for the program itself. `app` is the
    /// one app that the user names.
    pub(crate) fn chosen(
        from_folder: Option<Option<&'a Path>>,
        app: Option<&'a str>,
        program: &Program,
        backend: Backend,
    ) -> Result<Option<Self>> {
        let folder = match from_folder {
            None => return Ok(None),
            Some(None) => return Ok(Some(Self::Folders)),
            Some(Some(folder)) => folder,
        };
        let app = app.ok_or(RequestError::DirectoryWithoutApp)?;
        if let Some(embedded) = Migrations::of_program(program, backend)? {
            embedded.app(app)?;
        }
        Ok(Some(Self::Folder(app, folder)))
    }
}
