//! The lock of an SQLite database.

use std::path::PathBuf;

use super::session::Session;
use super::{FileLock, IsolationError, LockName};
use crate::settings::DatabaseSettings;

pub(super) struct FileSession {
    path: PathBuf,
    database: PathBuf,
    owner: String,
    lock: Option<FileLock>,
}

impl FileSession {
    /// Opens nothing yet; the database may not be there.
    pub(super) fn open(
        settings: &DatabaseSettings,
        name: &LockName,
        owner: &str,
    ) -> Result<Self, IsolationError> {
        let Some(path) = crate::database::sqlite_path(&settings.name) else {
            return Err(IsolationError::InMemory);
        };
        Ok(Self { path: name.file(&path), database: path, owner: owner.to_owned(), lock: None })
    }
}

impl Session for FileSession {
    fn try_take(&mut self) -> Result<bool, IsolationError> {
        let failed = |error| IsolationError::File(self.path.clone(), error);
        let Some(mut lock) = FileLock::try_take(&self.path, &self.database).map_err(failed)? else {
            return Ok(false);
        };
        let since = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S UTC");
        // A full disk keeps nobody from holding a lock.
        let _ = lock.write(&format!("{}, since {since}", self.owner));
        self.lock = Some(lock);
        Ok(true)
    }

    fn holder(&mut self) -> Option<String> {
        FileLock::holder(&self.path)
    }

    fn look(&mut self) -> Result<(), String> {
        match &self.lock {
            Some(lock) if lock.is_still_there() => Ok(()),
            _ => Err(format!("the lock file {} was removed or replaced", self.path.display())),
        }
    }

    fn has_ended(&self) -> bool {
        self.lock.as_ref().is_none_or(|lock| !lock.is_still_there())
    }

    fn release(&mut self) {
        self.lock = None;
    }
}
