//! Writes an app, and the files that name it: all of it, or nothing.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::files::NewFile;
use crate::console::printable;
use crate::error::CommandError;
use crate::files::{random_hex, replace};

/// The change of a file.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) path: PathBuf,
    pub(super) before: String,
    pub(super) after: String,
}

/// Returns the text of a file of the project.
pub(super) fn read(path: &Path) -> Result<String, CommandError> {
    fs::read_to_string(path)
        .map_err(|error| CommandError::new(format!("{} cannot be read: {error}.", printable(path))))
}

/// Writes a new directory, which appears when it is complete, and then the changes.
pub(super) fn write(directory: &Path, files: &[NewFile], edits: &[Edit]) -> Result<(), CommandError> {
    let failed = |path: &Path, error: io::Error| {
        CommandError::new(format!(
            "{} cannot be written: {error}. All other files are as they were.",
            printable(path)
        ))
    };
    create(directory, files).map_err(|error| failed(directory, error))?;
    for (number, edit) in edits.iter().enumerate() {
        let path = fs::canonicalize(&edit.path).unwrap_or_else(|_| edit.path.clone());
        if let Err(error) = replace(&path, &edit.after) {
            for edit in &edits[..number] {
                let path = fs::canonicalize(&edit.path).unwrap_or_else(|_| edit.path.clone());
                let _ = replace(&path, &edit.before);
            }
            // It is this call's own.
            let _ = fs::remove_dir_all(directory);
            return Err(failed(&edit.path, error));
        }
    }
    Ok(())
}

fn create(directory: &Path, files: &[NewFile]) -> io::Result<()> {
    let parent = directory.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent)?;
    let scratch = parent.join(format!(".manage-startapp-{}", random_hex()));
    fs::create_dir(&scratch)?;
    let write = |(path, text): &NewFile| {
        let path = scratch.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&scratch))?;
        File::create_new(&path)?.write_all(text.as_bytes())
    };
    let written = files.iter().try_for_each(write).and_then(|()| {
        // An empty directory may be there. Renaming replaces it on Unix alone.
        let _ = fs::remove_dir(directory);
        fs::rename(&scratch, directory)
    });
    written.inspect_err(|_| drop(fs::remove_dir_all(&scratch)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_written_or_nothing() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "1").expect("a file");
        let files = [("src/lib.rs".to_owned(), "x".to_owned())];
        let edit = |name: &str| Edit { path: path(name), before: "1".to_owned(), after: "2".to_owned() };
        // The second cannot be replaced, so the first is put back.
        fs::create_dir(path("b")).expect("a directory");
        let error = write(&path("blog"), &files, &[edit("a"), edit("b")]).expect_err("a directory");
        assert!(error.to_string().contains("All other files are as they were."), "{error}");
        assert!(!path("blog").exists() && fs::read_to_string(path("a")).expect("a file") == "1");
        write(&path("blog"), &files, &[edit("a")]).expect("written");
        assert_eq!(fs::read_to_string(path("blog/src/lib.rs")).expect("a file"), "x");
        assert_eq!(fs::read_to_string(path("a")).expect("a file"), "2");
        let names: Vec<_> =
            fs::read_dir(folder.path()).expect("entries").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
}
