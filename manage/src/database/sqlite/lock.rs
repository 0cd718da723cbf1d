//! The lock of an SQLite database.

use std::path::{Path, PathBuf};

use super::file;
use super::lock_file::FileLock;
use crate::console::printable;
use crate::database::lock::error::LockError;
use crate::database::lock::holder::LockHolder;
use crate::database::lock::name::LockName;
use crate::database::lock::session::{HeldLock, LockSession};
use crate::settings::DatabaseSettings;
use std::time::SystemTime;

pub(super) struct FileSession {
    path: PathBuf,
    database: PathBuf,
    owner: String,
    lock: Option<FileLock>,
}

impl FileSession {
    /// Opens nothing yet; the database may not exist.
    pub(super) fn open(settings: &DatabaseSettings, name: &LockName, owner: &str) -> Result<Self, LockError> {
        let Some(path) = file::path(&settings.name) else {
            return Err(LockError::InMemory);
        };
        Ok(Self { path: name.file(&path), database: path, owner: owner.to_owned(), lock: None })
    }
}

impl LockSession for FileSession {
    fn try_take(&mut self) -> Result<bool, LockError> {
        let failed = |error| LockError::File(self.path.clone(), error);
        let Some(mut lock) = FileLock::try_take(&self.path, &self.database).map_err(failed)? else {
            return Ok(false);
        };
        sign(&mut lock, &self.owner);
        self.lock = Some(lock);
        Ok(true)
    }

    fn holder(&mut self) -> Option<String> {
        FileLock::holder(&self.path)
    }

    fn check(&mut self) -> Result<(), String> {
        match &self.lock {
            Some(lock) if lock.is_still_there() => Ok(()),
            _ => Err(format!("the lock file {} was removed or replaced", printable(&self.path))),
        }
    }

    fn has_ended(&mut self) -> bool {
        self.lock.as_ref().is_none_or(|lock| !lock.is_still_there())
    }

    fn release(&mut self) {
        self.lock = None;
    }
}

/// Takes the lock for as long as the returned value exists, if it is free.
pub(super) fn try_lock(
    settings: &DatabaseSettings,
    name: &LockName,
    owner: &str,
) -> Result<Option<HeldLock>, LockError> {
    let Some(database) = file::path(&settings.name) else {
        // No other process can use an in-memory database.
        return Ok(Some(HeldLock::BY_SESSION));
    };
    let path = name.file(&database);
    match FileLock::try_take(&path, &database) {
        Ok(lock) => Ok(lock.map(|mut lock| {
            sign(&mut lock, owner);
            HeldLock::by_file(lock)
        })),
        Err(error) => Err(LockError::File(path, error)),
    }
}

/// Writes into the file who holds the lock, and since when.
fn sign(lock: &mut FileLock, owner: &str) {
    let since = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let since = since.replace('T', " ").replace('Z', " UTC");
    // A full disk must not prevent taking a lock.
    let _ = lock.write(&format!("{owner}, since {since}"));
}

/// Returns what the holder has written into the file. No statement ends a process.
pub(super) fn holder(settings: &DatabaseSettings, name: &LockName) -> Option<LockHolder> {
    let text = FileLock::holder(&name.file(&file::path(&settings.name)?))?;
    Some(LockHolder { text, end_sql: None })
}

impl LockName {
    /// Returns the path of SQLite's lock file, beside the database file. It is the same for every name of
    /// that file, even before the file exists.
    pub(crate) fn file(&self, database: &Path) -> PathBuf {
        let mut path = real_path(database).into_os_string();
        path.push(&self.suffix);
        path.into()
    }
}

/// Resolves links and dots in a path, even of a file that does not exist.
fn real_path(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        if let Ok(real) = path.canonicalize() {
            return real;
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match path.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => {
                let real = folder.canonicalize().ok();
                return real.zip(path.file_name()).map_or(path.clone(), |(folder, name)| folder.join(name));
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_make_a_plain_file() {
        let folder = tempfile::tempdir().expect("a directory");
        let name = LockName::command("it", "../a b/ü", None).file(&folder.path().join("none.db"));
        let file = name.file_name().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(name.parent(), folder.path().canonicalize().ok().as_deref());
        assert!(file.starts_with("none.db----a-b---"), "{file}");
    }
}
