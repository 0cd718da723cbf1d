//! Other accounts than one's own: servers refuse to run as root, and tests ask who may read and write which
//! file.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An account of this machine. Only root may use another one than its own.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    other: Option<(u32, u32)>,
}

impl Account {
    pub(crate) fn oneself() -> Self {
        Self { other: None }
    }

    /// Oneself; for root the first of `names` that exists.
    pub(crate) fn unprivileged(names: &[&str]) -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::oneself());
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        let other = names.iter().find_map(|name| lookup(&passwd, name)).ok_or_else(|| {
            io::Error::other(format!("running as root, and no account of {} exists", names.join(", ")))
        })?;
        Ok(Self { other: Some(other) })
    }

    /// Returns the account with these numbers of a user and a group, which need not have names.
    pub fn numbered(uid: u32, gid: u32) -> Self {
        Self { other: Some((uid, gid)) }
    }

    /// Makes `command` run under this account.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives a file or directory to this account.
    pub fn own(self, path: &Path) -> io::Result<()> {
        match self.other {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }
}

/// User and group of a line of /etc/passwd: `name:password:uid:gid:…`.
fn lookup(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    // macOS writes nobody as -2.
    let mut id = || fields.next()?.parse::<i64>().ok().map(|id| id as u32);
    Some((id()?, id()?))
}

/// Returns the directory for temporary folders: `TMPDIR` if it is set, else memory if there is plenty, else
/// the system's; but not one where sockets would have too long a path or the servers' account could not
/// enter.
pub(crate) fn temp_root() -> PathBuf {
    let chosen = std::env::var_os("TMPDIR").map(PathBuf::from);
    let root = chosen.or_else(memory).unwrap_or_else(std::env::temp_dir);
    // A socket's path has room for 103 bytes on macOS and 107 on Linux; ours are 40 bytes below the root.
    let short = root.as_os_str().len() <= 60;
    let open = || {
        root.ancestors()
            .all(|folder| folder.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0))
    };
    let root_runs_us = rustix::process::geteuid().is_root();
    if short && (!root_runs_us || open()) { root } else { PathBuf::from("/tmp") }
}

/// Linux's directory in memory, where servers start and databases appear ten times faster than on a disk.
/// Containers often have one of 64 MB, which two servers would fill.
fn memory() -> Option<PathBuf> {
    const PLENTY: u64 = 4 << 30;
    let folder = PathBuf::from("/dev/shm");
    let space = rustix::fs::statvfs(&folder).ok()?;
    let writable = rustix::fs::access(&folder, rustix::fs::Access::WRITE_OK).is_ok();
    (cfg!(target_os = "linux") && writable && space.f_bavail * space.f_frsize >= PLENTY).then_some(folder)
}
