//! Temporary folders, and sweeping away those of processes that were killed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::Duration;

const PREFIX: &str = "manage-test-";

/// The file whose lock says that the process lives.
const LOCK: &str = "lock";

/// A folder of one test's, removed with this value.
pub(super) struct Folder {
    path: PathBuf,
    _root: Arc<Root>,
}

/// The folder that has those of this process; only its user may enter it. It goes with the last of them.
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
        // What cannot be removed now, such as a file that is still open on Windows, is swept away later.
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
    // The folder's real path: what a command prints may be either.
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(std::env::temp_dir().canonicalize()?)?;
    // Under its name the lock is held from the first moment on.
    let new = folder.path().join("lock.new");
    let lock = File::create_new(&new)?;
    lock.lock()?;
    fs::rename(&new, folder.path().join(LOCK))?;
    let root = Arc::new(Root { folder, lock });
    *known = Arc::downgrade(&root);
    Ok(root)
}

/// Removes the folders of processes that are gone. Whatever fails is somebody else's.
fn sweep(parent: &Path) {
    const HALF_MADE: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        let gone = match File::open(path.join(LOCK)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_swept_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir_all(path.join("project-1")).expect("a folder");
            (File::create(path.join(LOCK)).expect("a file"), path)
        };
        let (_, dead) = folder("manage-test-dead");
        let (lock, living) = folder("manage-test-living");
        lock.lock().expect("a lock");
        let (_, other) = folder("other");
        let fresh = parent.path().join("manage-test-fresh");
        fs::create_dir(&fresh).expect("a folder");
        sweep(parent.path());
        assert_eq!([&dead, &living, &other, &fresh].map(|path| path.exists()), [false, true, true, true]);
    }

    #[test]
    fn it_goes_with_its_value() {
        let folder = Folder::new("project").expect("a folder");
        let path = folder.path().to_owned();
        fs::write(path.join("a"), "b").expect("a file");
        drop(folder);
        assert!(!path.exists());
    }
}
