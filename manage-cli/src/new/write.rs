//! Writes a project under another name, and gives it its own when it is complete.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use super::NewFile;
use super::place::Place;
use crate::error::{Error, Result};

/// Writes the files into the place's directory: all of them, or none.
pub(crate) fn write(place: &Place, files: &[NewFile]) -> Result<()> {
    let parent = place.parent();
    fs::create_dir_all(parent).map_err(|error| Error::io(parent, "created", &error))?;
    let scratch = directory(parent).map_err(|error| Error::io(parent, "used for a new directory", &error))?;
    for file in files {
        let path = scratch.path().join(&file.path);
        let written = fs::create_dir_all(path.parent().unwrap_or(scratch.path()))
            .and_then(|()| File::create_new(&path))
            .and_then(|mut new| new.write_all(&file.content));
        written.map_err(|error| Error::io(&place.directory.join(&file.path), "written", &error))?;
    }
    // It may have been created in the meantime. Nothing that is not empty is replaced by this.
    place.check()?;
    // On Windows an empty directory is not replaced.
    let _ = fs::remove_dir(&place.directory);
    fs::rename(scratch.path(), &place.directory)
        .map_err(|error| Error::io(&place.directory, "created", &error))?;
    // There is nothing left to remove.
    let _ = scratch.keep();
    Ok(())
}

/// Creates a directory with a random name, which is removed again unless it is renamed.
#[cfg(unix)]
fn directory(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt as _;

    // The umask applies to these, as it does for any new directory.
    let permissions = fs::Permissions::from_mode(0o777);
    tempfile::Builder::new().prefix(".manage-new-").permissions(permissions).tempdir_in(parent)
}

#[cfg(not(unix))]
fn directory(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(".manage-new-").tempdir_in(parent)
}
