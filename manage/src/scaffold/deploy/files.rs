//! Writes the files of a deployment: all of them, or none.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::DeployError;
use crate::files::replace;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Written,
    /// It replaced another one.
    Replaced,
    /// It had this text already.
    Unchanged,
}

/// Writes files, and returns what became of each. If one of them exists with another text, nothing is written,
/// unless they may be replaced.
pub(crate) fn write_files(files: &[NewFile], replaces: bool) -> Result<Vec<Outcome>, DeployError> {
    let failed = |file: &NewFile, error| DeployError::Io(file.path.clone(), error);
    let mut outcomes = Vec::new();
    for file in files {
        outcomes.push(match fs::read(&file.path) {
            Ok(text) if text == file.text.as_bytes() => Outcome::Unchanged,
            Ok(_) => Outcome::Replaced,
            // A link to nothing is replaced as well, so it counts.
            Err(error) if error.kind() == io::ErrorKind::NotFound => match file.path.symlink_metadata() {
                Ok(_) => Outcome::Replaced,
                Err(_) => Outcome::Written,
            },
            Err(error) => return Err(failed(file, error)),
        });
    }
    let other = |outcome: &Outcome| *outcome == Outcome::Replaced;
    if !replaces && outcomes.iter().any(other) {
        let existing = files.iter().zip(&outcomes).filter(|(_, outcome)| other(outcome));
        return Err(DeployError::Exists(existing.map(|(file, _)| file.path.clone()).collect()));
    }
    let mut written: Vec<&NewFile> = Vec::new();
    for (file, outcome) in files.iter().zip(&outcomes) {
        let done = match outcome {
            Outcome::Unchanged => Ok(()),
            Outcome::Replaced => replace(&file.path, &file.text),
            Outcome::Written => create(file).inspect(|()| written.push(file)),
        };
        if let Err(error) = done {
            // Half of a deployment would block a second attempt. These files are this call's own.
            written.iter().for_each(|file| drop(fs::remove_file(&file.path)));
            return Err(failed(file, error));
        }
    }
    Ok(outcomes)
}

fn create(file: &NewFile) -> io::Result<()> {
    if let Some(directory) = file.path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut new = File::create_new(&file.path)?;
    new.write_all(file.text.as_bytes()).inspect_err(|_| drop(fs::remove_file(&file.path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_written_or_none() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| NewFile { path: folder.path().join(name), text: text.to_owned() };
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        let files = [file("deploy/a", "1"), file("b", "2")];
        assert_eq!(write_files(&files, false).expect("new"), [Outcome::Written; 2]);
        assert_eq!(write_files(&files, false).expect("the same"), [Outcome::Unchanged; 2]);
        let changed = [file("c", "3"), file("b", "other")];
        let error = write_files(&changed, false).expect_err("it exists");
        assert!(
            matches!(&error, DeployError::Exists(paths) if *paths == [folder.path().join("b")]),
            "{error}"
        );
        assert_eq!((read("c"), read("b").as_deref()), (None, Some("2")));
        let outcomes = write_files(&changed, true).expect("consent");
        assert_eq!(outcomes, [Outcome::Written, Outcome::Replaced]);
        assert_eq!(read("b").as_deref(), Some("other"));
        // A file below a file cannot be written, and the one before it does not remain.
        let error = write_files(&[file("d", "4"), file("b/e", "5")], false).expect_err("no directory");
        assert!(matches!(error, DeployError::Io(..)), "{error}");
        assert_eq!(read("d"), None);
    }
}
