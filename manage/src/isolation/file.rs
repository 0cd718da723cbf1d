//! SQLite's lock: a file beside the database's. The operating system frees it when its holder ends, and the
//! holder removes it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A lock file that is locked.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Locks the file, which is created if it does not exist, with the permissions of the database beside it; `None` if another
    /// process holds the lock.
    pub(crate) fn try_take(path: &Path, database: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = open(path, database)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let lock = Self { file, path: path.to_owned() };
            // The holder before this one removed the file when it was done, after it was opened here. Only a lock on the file
            // that the path names counts, and only its holder removes it.
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
            let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
            let there = self.path.symlink_metadata().map(of);
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
        let file = options().read(true).open(path).ok()?;
        is_ours(&file).ok()?;
        // More than we would write is somebody else's.
        file.take(1_000).read_to_string(&mut text).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // On other systems an open file cannot be distinguished from one that was replaced, so a lock on it might not count.
        let removed = cfg!(unix) && self.is_still_there() && fs::remove_file(&self.path).is_ok();
        if !removed {
            let _ = self.file.set_len(0);
        }
        // Closing the file is not enough: a process that another thread is just starting has it open as well.
        let _ = self.file.unlock();
    }
}

/// Opens the file, or creates it. It is never one that a link leads to, since a holder writes into it.
fn open(path: &Path, database: &Path) -> io::Result<File> {
    loop {
        match options().read(true).append(true).open(path) {
            Ok(file) => return is_ours(&file).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Another user's file that was left behind can be locked, and nothing has to be written into it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let file = options().read(true).open(path).map_err(|_| error)?;
                return is_ours(&file).map(|()| file);
            }
            #[cfg(unix)]
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(io::Error::other("it is a symbolic link; remove it"));
            }
            Err(error) => return Err(error),
        }
        match create(path, database) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created,
        }
    }
}

/// Creates the file with the permissions of the database.
fn create(path: &Path, database: &Path) -> io::Result<File> {
    let mut options = options();
    options.read(true).append(true).create_new(true);
    #[cfg(unix)]
    if let Ok(database) = fs::metadata(database) {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
        let mode = database.mode() & 0o666;
        let file = options.mode(mode).open(path)?;
        // The mask of this process does not count here, as it does not for SQLite's own files. What fails leaves a file that this
        // user can use.
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
        if rustix::process::geteuid().is_root() {
            let _ = std::os::unix::fs::fchown(&file, Some(database.uid()), Some(database.gid()));
        }
        return Ok(file);
    }
    let _ = database;
    options.open(path)
}

/// Follows no link, and does not wait for the other end of a pipe.
fn options() -> fs::OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Fails unless it is a regular file without another name.
fn is_ours(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file; remove it"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
        return Err(io::Error::other("the file has another name, a hard link; remove it"));
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    fn paths() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, lock) = (folder.path().join("a.db"), folder.path().join("a.db-x.lock"));
        fs::write(&database, "").expect("a file");
        (folder, database, lock)
    }

    #[test]
    fn the_file_goes_with_its_lock_and_one_that_was_left_behind_is_taken() {
        let (_folder, database, path) = paths();
        let mut lock = FileLock::try_take(&path, &database).expect("a file").expect("the lock");
        lock.write("me").expect("written");
        assert_eq!(FileLock::holder(&path).as_deref(), Some("me"));
        assert!(FileLock::try_take(&path, &database).expect("a file").is_none());
        drop(lock);
        assert!(!path.exists());
        fs::write(&path, "a holder that was killed").expect("a file");
        drop(FileLock::try_take(&path, &database).expect("a file").expect("the lock"));
        assert!(!path.exists());
    }

    #[test]
    fn one_holder_at_a_time_though_each_removes_the_file() {
        const TURNS: u32 = 300;
        let (_folder, database, path) = paths();
        let (inside, done) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while done.load(Ordering::SeqCst) < TURNS {
                        let Some(lock) = FileLock::try_take(&path, &database).expect("a file") else {
                            thread::yield_now();
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(!path.exists());
    }

    #[test]
    fn links_are_refused_and_what_they_lead_to_stays() {
        let (folder, database, path) = paths();
        let victim = folder.path().join("victim");
        fs::write(&victim, "dear").expect("a file");
        symlink(&victim, &path).expect("a link");
        let error = FileLock::try_take(&path, &database).expect_err("a symbolic link").to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert_eq!(FileLock::holder(&path), None);
        fs::remove_file(&path).expect("removed");
        fs::hard_link(&victim, &path).expect("a link");
        let error = FileLock::try_take(&path, &database).expect_err("a hard link").to_string();
        assert!(error.contains("hard link"), "{error}");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder");
        FileLock::try_take(&path, &database).expect_err("a folder");
        assert_eq!(fs::read_to_string(&victim).expect("it is there"), "dear");
    }

    #[test]
    fn the_permissions_are_those_of_the_database() {
        let (_folder, database, path) = paths();
        for mode in [0o600, 0o660, 0o666] {
            fs::set_permissions(&database, fs::Permissions::from_mode(mode)).expect("a mode");
            let lock = FileLock::try_take(&path, &database).expect("a file").expect("the lock");
            let (file, database) =
                (fs::metadata(&path).expect("there"), fs::metadata(&database).expect("there"));
            assert_eq!(file.mode() & 0o7777, mode);
            assert_eq!((file.uid(), file.gid()), (database.uid(), database.gid()));
            drop(lock);
        }
    }
}
