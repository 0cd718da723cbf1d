//! The owner and permissions of a lock file: the accounts that can write an SQLite database can lock it.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use crate::files::{no_follow, regular};

/// The owner, the group and the permissions of a database; of its directory while it does not exist.
#[derive(Debug)]
pub(super) struct Writers(#[cfg(unix)] Option<Access>);

#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
struct Access {
    uid: u32,
    gid: u32,
    group: bool,
    others: bool,
}

#[cfg(unix)]
impl Access {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode();
        Self { uid: metadata.uid(), gid: metadata.gid(), group: mode & 0o020 != 0, others: mode & 0o002 != 0 }
    }

    /// Returns the permissions of a lock file. Reading a file is enough to lock it, so accounts that can only
    /// read the database get none.
    fn mode(self) -> u32 {
        0o600 | if self.group { 0o060 } else { 0 } | if self.others { 0o006 } else { 0 }
    }
}

impl Writers {
    #[cfg(unix)]
    pub(super) fn of(database: &Path) -> Self {
        let of_directory = || {
            let directory = fs::metadata(directory(database)).ok()?;
            // In a directory where everybody can create files, a new database still belongs to its creator
            // only.
            Some(Access { others: false, ..Access::of(&directory) })
        };
        Self(fs::metadata(database).ok().as_ref().map(Access::of).or_else(of_directory))
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Path) -> Self {
        Self()
    }

    /// Creates a lock file that exactly these accounts can open.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = no_follow();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
            let file = options.mode(0o600).open(path).map_err(|error| self.explain(path, error))?;
            if let Some(access) = self.0 {
                // If this fails, this user can still use the file.
                if rustix::process::geteuid().is_root() {
                    let _ = fchown(&file, Some(access.uid), Some(access.gid));
                } else if file.metadata()?.gid() != access.gid {
                    let _ = fchown(&file, None, Some(access.gid));
                }
                // This overrides the umask of the process, as SQLite does for its own files.
                let _ = file.set_permissions(fs::Permissions::from_mode(access.mode()));
            }
            Ok(file)
        }
        #[cfg(not(unix))]
        options.open(path)
    }

    /// Fails if the lock file may be an attacker's, who could hold it forever: it belongs to an account that
    /// cannot write the database, in a directory where everybody can create files.
    #[cfg(unix)]
    pub(super) fn accept(&self, file: &Metadata, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let Some(access) = self.0 else { return Ok(()) };
        let is_writers = [0, access.uid, rustix::process::geteuid().as_raw()].contains(&file.uid())
            || (access.group && file.gid() == access.gid)
            || access.others;
        let is_open_to_all = || fs::metadata(directory(path)).is_ok_and(|data| data.mode() & 0o002 != 0);
        if is_writers || !is_open_to_all() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "it belongs to the account with the uid {}, which cannot write the database; remove it",
            file.uid()
        )))
    }

    #[cfg(not(unix))]
    pub(super) fn accept(&self, _: &Metadata, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Explains why a lock file cannot be opened or created.
    pub(super) fn explain(&self, path: &Path, error: io::Error) -> io::Error {
        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) {
            return error;
        }
        let Ok(there) = path.symlink_metadata() else {
            if error.kind() == io::ErrorKind::PermissionDenied {
                return io::Error::new(error.kind(), "this account cannot create files in its directory");
            }
            return error;
        };
        if let Err(what) = regular(&there) {
            return what.into();
        }
        #[cfg(unix)]
        if error.kind() == io::ErrorKind::PermissionDenied {
            use std::os::unix::fs::MetadataExt as _;
            let what = format!(
                "only accounts that can write the database can lock it, and the file belongs to the account with the uid {}",
                there.uid()
            );
            return io::Error::new(error.kind(), what);
        }
        error
    }
}

#[cfg(unix)]
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}
