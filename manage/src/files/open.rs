//! Opens files that another user may have created.

use std::fmt;
use std::fs::Metadata;
#[cfg(any(feature = "sqlite", feature = "testing"))]
use std::fs::{File, OpenOptions};
use std::io;

/// Returns options that do not follow a link in the last component of a path, and do not wait for the other
/// end of a pipe.
#[cfg(any(feature = "sqlite", feature = "testing"))]
pub(crate) fn no_follow() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Fails unless the metadata describe a regular file without other hard links.
pub(crate) fn regular(metadata: &Metadata) -> Result<(), NotRegular> {
    if metadata.is_symlink() {
        return Err(NotRegular::SymbolicLink);
    }
    if metadata.is_dir() {
        return Err(NotRegular::Directory);
    }
    if !metadata.is_file() {
        return Err(NotRegular::Other);
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(metadata) > 1 {
        return Err(NotRegular::HardLink);
    }
    Ok(())
}

/// What the path is instead of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRegular {
    SymbolicLink,
    HardLink,
    Directory,
    /// A named pipe, a socket or a device.
    Other,
}

impl fmt::Display for NotRegular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SymbolicLink => "it is a symbolic link; remove it",
            Self::HardLink => "the file has another name, a hard link; remove it",
            Self::Directory => "it is a directory; remove it",
            Self::Other => "it is not a regular file; remove it",
        })
    }
}

impl std::error::Error for NotRegular {}

impl From<NotRegular> for io::Error {
    fn from(error: NotRegular) -> Self {
        Self::other(error)
    }
}
