//! SQLite's lock: a file beside the database's. The operating system frees it when its holder ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A lock file that is locked.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
    #[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere an open file cannot be replaced"))]
    path: PathBuf,
}

impl FileLock {
    /// Locks the file, which is made if it is not there and stays; `None` where another has locked it.
    pub(crate) fn try_take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = File::options().create(true).read(true).append(true).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let lock = Self { file, path: path.to_owned() };
            // Between the two steps someone may have removed the file, and another have locked a new one.
            if lock.is_still_there() {
                return Ok(Some(lock));
            }
        }
    }

    /// Whether the path still means the file that is locked.
    pub(crate) fn is_still_there(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let of = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let there = self.path.metadata().map(of);
            there.is_ok_and(|there| self.file.metadata().map(of).is_ok_and(|here| here == there))
        }
        #[cfg(not(unix))]
        true
    }

    /// Writes who holds it, for those who find it locked.
    pub(crate) fn write(&mut self, holder: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(holder.as_bytes())
    }

    /// What the holder of a file has written.
    pub(crate) fn holder(path: &Path) -> Option<String> {
        let mut text = String::new();
        let file = File::open(path).ok()?;
        // More than we would write is somebody else's.
        file.take(1_000).read_to_string(&mut text).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        // To close the file is not enough: a process that another thread is just starting has it open as well.
        let _ = self.file.unlock();
    }
}
