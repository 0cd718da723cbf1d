//! A directory that only this user can access, and files in it.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open, openat};

use super::regular;

/// A directory that only this user can access.
pub(crate) struct PrivateDirectory(File);

impl PrivateDirectory {
    /// Opens the directory, or creates it and its missing parents.
    ///
    /// Fails if the deepest existing directory belongs to another user: a file that root creates there would
    /// be inaccessible to its owner.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let own = rustix::process::geteuid().as_raw();
        let existing = path.ancestors().find_map(|ancestor| ancestor.metadata().ok());
        if existing.is_none_or(|metadata| metadata.uid() != own) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let directory = File::from(open(path, flags, Mode::empty())?);
        // The open directory is checked, because it can no longer be replaced.
        let metadata = directory.metadata()?;
        if metadata.uid() != own {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if metadata.mode() & 0o077 != 0 {
            directory.set_permissions(Permissions::from_mode(0o700))?;
        }
        Ok(Self(directory))
    }

    /// Opens or creates a file in it for appending. Only this user can read it.
    pub(crate) fn append(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        let file = File::from(openat(self.0.as_fd(), name, flags, Mode::RUSR | Mode::WUSR)?);
        let metadata = file.metadata()?;
        regular(&metadata)?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if metadata.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
}
