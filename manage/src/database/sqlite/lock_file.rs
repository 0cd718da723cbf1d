//! SQLite's lock: a file beside the database. The operating system releases it when its holder ends, and the
//! holder removes the file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::lock_access::Writers;
use crate::files::{no_follow, regular};

/// The first line of a holder's lock file.
const MARK: &str = "diesel-manage lock\n";

/// A locked lock file.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
    path: PathBuf,
    /// Whether it is empty or was written by a holder. Any other file is locked, but neither written nor
    /// removed.
    is_ours: bool,
}

impl FileLock {
    /// Locks the file, which is created if it does not exist, with access for accounts that can write the
    /// database; `None` if another process holds the lock.
    pub(crate) fn try_take(path: &Path, database: &Path) -> io::Result<Option<Self>> {
        let writers = Writers::of(database);
        loop {
            let file = open(path, &writers)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let mut lock = Self { file, path: path.to_owned(), is_ours: false };
            // The holder before this one removed the file when it was done, after it was opened here. Only a
            // lock on the file that the path names counts, and only its holder removes it.
            if lock.is_still_there() {
                lock.is_ours = holder_in(&lock.file).is_some();
                return Ok(Some(lock));
            }
        }
    }

    /// Returns whether the path still names the locked file.
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

    /// Writes the description of the holder, for waiting processes.
    pub(crate) fn write(&mut self, holder: &str) -> io::Result<()> {
        if !self.is_ours {
            return Ok(());
        }
        self.file.set_len(0)?;
        self.file.write_all(format!("{MARK}{holder}\n").as_bytes())
    }

    /// Reads the description of a file's holder.
    pub(crate) fn holder(path: &Path) -> Option<String> {
        let file = no_follow().read(true).open(path).ok()?;
        regular(&file.metadata().ok()?).ok()?;
        holder_in(&file).filter(|holder| !holder.is_empty())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.is_ours {
            // On other systems an open file cannot be distinguished from one that was replaced, so a lock on
            // it might not count.
            let removed = cfg!(unix) && self.is_still_there() && fs::remove_file(&self.path).is_ok();
            if !removed {
                let _ = self.file.set_len(0);
            }
        }
        // Closing the file is not enough: a process that another thread is just starting has it open as well.
        let _ = self.file.unlock();
    }
}

/// Reads the description of the holder; `None` if a holder did not write the file.
fn holder_in(mut file: &File) -> Option<String> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    // A longer file was not written by a holder.
    file.take(1_000).read_to_end(&mut bytes).ok()?;
    // A disk that is full cuts the mark short.
    if MARK.as_bytes().starts_with(&bytes) {
        return Some(String::new());
    }
    let holder = bytes.strip_prefix(MARK.as_bytes())?;
    Some(String::from_utf8_lossy(holder).trim().to_owned())
}

/// Opens or creates the file, without following links, because a holder writes to it.
fn open(path: &Path, writers: &Writers) -> io::Result<File> {
    loop {
        let opened = match no_follow().read(true).append(true).open(path) {
            // Another user's orphaned file can be locked without writing to it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                no_follow().read(true).open(path).map_err(|_| error)
            }
            opened => opened,
        };
        match opened {
            Ok(file) => {
                let metadata = file.metadata()?;
                regular(&metadata)?;
                writers.accept(&metadata, path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(writers.explain(path, error)),
        }
        match writers.create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    fn paths() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().expect("a directory");
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
        fs::write(&path, format!("{MARK}a holder that was killed")).expect("a file");
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
    fn what_somebody_else_wrote_is_locked_and_stays() {
        let (_folder, database, path) = paths();
        // The last one is the beginning of an SQLite database, which may have any name.
        for content in ["dear", "4242\n", "diesel-manage lock of mine", "SQLite format 3\0"] {
            fs::write(&path, content).expect("a file");
            let mut lock = FileLock::try_take(&path, &database).expect("a file").expect("the lock");
            lock.write("me").expect("nothing to write");
            assert!(FileLock::try_take(&path, &database).expect("a file").is_none());
            assert_eq!(FileLock::holder(&path), None);
            drop(lock);
            assert_eq!(fs::read_to_string(&path).expect("it is there"), content);
        }
        // A holder whose disk was full.
        for content in ["", "diesel-man", MARK] {
            fs::write(&path, content).expect("a file");
            drop(FileLock::try_take(&path, &database).expect("a file").expect("the lock"));
            assert!(!path.exists(), "{content}");
        }
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
        fs::create_dir(&path).expect("a directory");
        let error = FileLock::try_take(&path, &database).expect_err("a directory").to_string();
        assert!(error.contains("it is a directory"), "{error}");
        fs::remove_dir(&path).expect("removed");
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let error = FileLock::try_take(&path, &database).expect_err("a socket").to_string();
        assert!(error.contains("not a regular file"), "{error}");
        assert_eq!(fs::read_to_string(&victim).expect("it is there"), "dear");
    }

    #[test]
    fn those_who_may_write_the_database_may_lock_it_and_nobody_else() {
        let (_folder, database, path) = paths();
        for (mode, expected) in [
            (0o600, 0o600),
            (0o644, 0o600),
            (0o640, 0o600),
            (0o660, 0o660),
            (0o664, 0o660),
            (0o666, 0o666),
            (0o444, 0o600),
        ] {
            fs::set_permissions(&database, fs::Permissions::from_mode(mode)).expect("a mode");
            let lock = FileLock::try_take(&path, &database).expect("a file").expect("the lock");
            let (file, database) =
                (fs::metadata(&path).expect("there"), fs::metadata(&database).expect("there"));
            assert_eq!(file.mode() & 0o7777, expected, "{mode:o}");
            assert_eq!((file.uid(), file.gid()), (database.uid(), database.gid()));
            drop(lock);
        }
        // Before the database exists, its directory decides who can create one.
        fs::remove_file(&database).expect("removed");
        for (mode, expected) in [(0o755, 0o600), (0o775, 0o660), (0o1777, 0o660)] {
            fs::set_permissions(path.parent().expect("one"), fs::Permissions::from_mode(mode))
                .expect("a mode");
            let _lock = FileLock::try_take(&path, &database).expect("a file").expect("the lock");
            assert_eq!(fs::metadata(&path).expect("there").mode() & 0o7777, expected, "{mode:o}");
        }
    }
}
