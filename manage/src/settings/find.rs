//! Finding the files of settings, and reading those that can be read only once.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use super::SettingsError;

/// How long a program may take to write into a named pipe.
const PIPE_LIMIT: Duration = Duration::from_secs(10);

/// The nearest file or named pipe of this name, in this directory or one above it, up to the top of the repository.
///
/// A name that leads nowhere is an error: with it, settings would be lost in silence.
pub(super) fn nearest(folder: &Path, name: &str) -> Result<Option<PathBuf>, SettingsError> {
    for folder in folder.ancestors() {
        let path = folder.join(name);
        if is_usable(&path)? {
            return Ok(Some(path));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

fn is_usable(path: &Path) -> Result<bool, SettingsError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => match is_empty(path) {
            true => Err(SettingsError::new(format!("{} is an empty directory, not a file.", path.display()))
                .hint("Docker makes such a directory where the file of a bind mount is missing: remove it, and make the file.")),
            // Python's virtual environments are often called `.env`.
            false => Ok(false),
        },
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Err(SettingsError::new(format!(
                "{} is a symbolic link to {}, which does not exist.",
                path.display(),
                target.display()
            ))
            .hint("Make that file, or remove the link.")),
            Err(_) => Ok(false),
        },
        // A directory above that may not be entered holds nothing of this project's.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(SettingsError::new(format!("Cannot read {}: {error}.", path.display()))),
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The content of a file. What is not a regular file, such as a named pipe that a secret manager writes to, is read once
/// by this process: its content may be gone afterwards.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SettingsError> {
    static READ: Mutex<BTreeMap<(PathBuf, u64), Vec<u8>>> = Mutex::new(BTreeMap::new());

    let failed = |error: io::Error| SettingsError::new(format!("Cannot read {}: {error}.", path.display()));
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_file() {
        return fs::read(path).map_err(failed);
    }
    let key = (std::path::absolute(path).map_err(failed)?, number(&metadata));
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(content) = read.get(&key) {
        return Ok(content.clone());
    }
    let (sender, receiver) = mpsc::channel();
    let file = path.to_owned();
    // Opening a pipe waits for its writer. The thread is left to it; the process ends.
    std::thread::spawn(move || {
        let mut content = Vec::new();
        let result = fs::File::open(file).and_then(|mut file| file.read_to_end(&mut content));
        // The receiver may have given up.
        let _ = sender.send(result.map(|_| content));
    });
    let content = receiver.recv_timeout(PIPE_LIMIT).map_err(|_| {
        SettingsError::new(format!(
            "{} is a named pipe, and no program wrote to it within {} seconds.",
            path.display(),
            PIPE_LIMIT.as_secs()
        ))
        .hint("Start the program that writes it, such as the secret manager, or remove the pipe.")
    })?;
    let content = content.map_err(failed)?;
    read.insert(key, content.clone());
    Ok(content)
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}
