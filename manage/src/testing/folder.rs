//! Temporary directories, and the removal of those that killed processes left behind.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::Duration;

use crate::files::no_follow;

const PREFIX: &str = "manage-test-";

/// The file whose lock shows that the process is running.
const LOCK: &str = "lock";

/// A directory for one test, which is removed with this value.
pub(super) struct Folder {
    path: PathBuf,
    _root: Arc<Root>,
}

/// The parent directory of this process, which only its user can access. It is removed with the last test
/// directory.
struct Root {
    folder: tempfile::TempDir,
    lock: File,
}

impl Folder {
    pub(super) fn new(name: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let root = root()?;
        let path = root.folder.path().join(format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path)?;
        Ok(Self { path, _root: root })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A file that cannot be removed now, such as an open one on Windows, is removed later.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

fn root() -> io::Result<Arc<Root>> {
    static ROOT: Mutex<Weak<Root>> = Mutex::new(Weak::new());
    static SWEEP: Once = Once::new();
    let mut known = ROOT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(root) = known.upgrade() {
        return Ok(root);
    }
    SWEEP.call_once(|| sweep(&std::env::temp_dir()));
    // The canonical path of the directory: a command may print either.
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(std::env::temp_dir().canonicalize()?)?;
    // The lock is taken before the directory gets its name.
    let new = folder.path().join("lock.new");
    let lock = File::create_new(&new)?;
    lock.lock()?;
    fs::rename(&new, folder.path().join(LOCK))?;
    let root = Arc::new(Root { folder, lock });
    *known = Arc::downgrade(&root);
    Ok(root)
}

/// Removes this user's directories whose process has ended. Other users may create any file in the same
/// directory.
fn sweep(parent: &Path) {
    const HALF_MADE: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        if !entry.metadata().is_ok_and(|metadata| is_own(&metadata)) {
            continue;
        }
        let gone = match no_follow().read(true).open(path.join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let age = entry
                    .metadata()
                    .and_then(|data| data.modified())
                    .ok()
                    .and_then(|time| time.elapsed().ok());
                age.is_some_and(|age| age > HALF_MADE)
            }
            Err(_) => false,
        };
        if gone {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Returns whether it is this user's directory. A link does not count.
fn is_own(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    metadata.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn pipes_links_and_directories_of_others_hold_nothing_up_and_stay() {
        use std::os::unix::fs::{chown, symlink};
        let parent = tempfile::tempdir().expect("a directory");
        let at = |name: &str| parent.path().join(name);
        // Opening a pipe would block until it has a writer.
        fs::create_dir(at("manage-test-pipe")).expect("a directory");
        let pipe = at("manage-test-pipe").join(LOCK);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).expect("a pipe");
        // Its lock is a link, and not locked.
        fs::create_dir(at("manage-test-link")).expect("a directory");
        symlink("/etc/passwd", at("manage-test-link").join(LOCK)).expect("a link");
        fs::create_dir(at("dear")).expect("a directory");
        fs::write(at("dear").join(LOCK), "").expect("a file");
        symlink(at("dear"), at("manage-test-to-dear")).expect("a link");
        let mut kept = vec!["dear", "manage-test-link", "manage-test-to-dear"];
        if rustix::process::geteuid().is_root() {
            fs::create_dir(at("manage-test-foreign")).expect("a directory");
            fs::write(at("manage-test-foreign").join(LOCK), "").expect("a file");
            chown(at("manage-test-foreign"), Some(65_534), None).expect("another owner");
            kept.push("manage-test-foreign");
        }
        sweep(parent.path());
        for name in kept {
            assert!(at(name).symlink_metadata().is_ok(), "{name}");
        }
        assert!(at("dear").join(LOCK).exists());
    }

    #[test]
    fn folders_of_the_dead_are_swept_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().expect("a directory");
        let folder = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir_all(path.join("project-1")).expect("a directory");
            (File::create(path.join(LOCK)).expect("a file"), path)
        };
        let (_, dead) = folder("manage-test-dead");
        let (lock, living) = folder("manage-test-living");
        lock.lock().expect("a lock");
        let (_, other) = folder("other");
        let fresh = parent.path().join("manage-test-fresh");
        fs::create_dir(&fresh).expect("a directory");
        sweep(parent.path());
        assert_eq!([&dead, &living, &other, &fresh].map(|path| path.exists()), [false, true, true, true]);
    }

    #[test]
    fn it_goes_with_its_value() {
        let folder = Folder::new("project").expect("a directory");
        let path = folder.path().to_owned();
        fs::write(path.join("a"), "b").expect("a file");
        drop(folder);
        assert!(!path.exists());
    }
}
