//! Changes of files: shown as a diff, and made together.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use diffy::DiffOptions;

use super::read;
use crate::error::{Error, Result};
use crate::output::{printable, shown};

/// A file before and after.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    /// `None` if it is created.
    pub(crate) before: Option<String>,
    pub(crate) after: String,
}

/// Returns a text with the line ends of another, if all of that are `\r\n`.
pub(crate) fn with_line_ends_of(before: Option<&str>, after: String) -> String {
    let ends = |text: &str| text.matches('\n').count();
    match before {
        Some(before) if ends(before) > 0 && before.matches("\r\n").count() == ends(before) => {
            after.replace("\r\n", "\n").replace('\n', "\r\n")
        }
        _ => after,
    }
}

/// Returns the changes as `diff -u` prints them.
pub(crate) fn diff(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let name = shown(&change.path);
        let mut options = DiffOptions::new();
        options.set_original_filename(match change.before {
            Some(_) => name.clone(),
            None => "/dev/null".to_owned(),
        });
        options.set_modified_filename(name);
        let before = change.before.as_deref().unwrap_or_default();
        text.push_str(
            &printable(&options.create_patch(before, &change.after).to_string()).replace("\\u{d}\n", "\n"),
        );
    }
    text
}

/// Makes the changes: all of them, or none.
pub(crate) fn write(changes: &[Change]) -> Result<()> {
    for change in changes {
        if read(&change.path)? != change.before {
            let path = shown(&change.path);
            return Err(Error::new(format!("{path} was changed in the meantime. Nothing was changed."))
                .hint("Run it again."));
        }
    }
    for (number, change) in changes.iter().enumerate() {
        let done = match change.before {
            Some(_) => replace(&change.path, &change.after),
            None => create(&change.path, &change.after),
        };
        if let Err(error) = done {
            changes[..number].iter().for_each(undo);
            return Err(Error::io(&change.path, "written", &error).hint("All other files are as they were."));
        }
    }
    Ok(())
}

fn undo(change: &Change) {
    let _ = match &change.before {
        Some(before) => replace(&change.path, before),
        None => fs::remove_file(&change.path),
    };
}

/// Writes a new file, and the directories above it.
fn create(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Replaces a file's text at once. It keeps its permissions, and a link stays a link.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let parent = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let mut new = tempfile::NamedTempFile::new_in(parent)?;
    new.write_all(text.as_bytes())?;
    fs::set_permissions(new.path(), fs::metadata(&path)?.permissions())?;
    new.persist(&path).map(drop).map_err(|error| error.error)
}
