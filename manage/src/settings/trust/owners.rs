//! Checks that only trusted users can have written a discovered settings file.
//!
//! Trusted users are the user who runs the program and root; for root, also the user who called `sudo`; and
//! anyone who could replace this program. The file, each symbolic link in its path, and their directories
//! must belong to trusted users, and nobody else may have write permission. `MANAGE_SAFE_DIRECTORY` names
//! directories that are exempt.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};

use super::accounts::{group_is_private, shown_user};
use super::untrusted::{Problem, What, Why, error};
use crate::settings::reading::{Kind, ReadError, open_flags};
use crate::settings::{Environment, SAFE_DIRECTORY, SettingsError};

/// The maximum number of links, as in Linux.
const MAX_LINKS: usize = 40;

/// Why a file was not opened.
pub(crate) enum OpenError {
    Read(ReadError),
    Untrusted(SettingsError),
}

impl<E: Into<ReadError>> From<E> for OpenError {
    fn from(error: E) -> Self {
        Self::Read(error.into())
    }
}

/// Opens a file if it is trusted. The checks apply to the open file, because the path may change in between.
pub(crate) fn open(path: &Path, environment: &Environment) -> Result<File, OpenError> {
    let way = Way::of(path)?;
    let trust = Trust::new(environment);
    let mut problems = Vec::new();
    for (link, metadata) in &way.links {
        let directory = link.parent().unwrap_or(Path::new("/"));
        problems.extend(trust.problem(What::Directory, directory, &fs::metadata(directory)?));
        problems.extend(trust.problem(What::Link, link, metadata));
    }
    let (directory, name) = match (way.end.parent(), way.end.file_name()) {
        (Some(directory), Some(name)) => (directory, name),
        _ => return Err(ReadError::NoFile("a directory").into()),
    };
    let opened = open_directory(directory)?;
    problems.extend(trust.problem(What::Directory, directory, &opened.metadata()?));
    let before = fs::symlink_metadata(&way.end)?;
    if before.is_symlink() {
        // An open file, such as /dev/stdin, belongs to this process.
        let file = crate::settings::reading::open(&way.end)?;
        return finish(file, path, environment, &trust, problems, &way.end);
    }
    Kind::of(&before)?;
    let flags = open_flags() | OFlags::NOFOLLOW;
    let file = rustix::fs::openat(&opened, name, flags, Mode::empty()).map_err(io::Error::from)?;
    finish(File::from(file), path, environment, &trust, problems, &way.end)
}

fn finish(
    file: File,
    path: &Path,
    environment: &Environment,
    trust: &Trust<'_>,
    mut problems: Vec<Problem>,
    end: &Path,
) -> Result<File, OpenError> {
    let metadata = file.metadata()?;
    // Everyone may write to the null device, but it stores nothing.
    if Kind::of(&metadata)? != Kind::Null {
        problems.extend(trust.problem(What::File, end, &metadata));
    }
    match problems.is_empty() {
        true => Ok(file),
        false => Err(OpenError::Untrusted(error(path, problems, environment))),
    }
}

#[cfg(target_os = "linux")]
fn open_directory(path: &Path) -> io::Result<File> {
    // Such a descriptor needs no permission to list the directory.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(target_os = "linux"))]
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// The symbolic links between a path and its file. Links of its directory are not included: the user chose
/// the working directory.
struct Way {
    links: Vec<(PathBuf, Metadata)>,
    end: PathBuf,
}

impl Way {
    fn of(path: &Path) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut end = parent.unwrap_or(Path::new(".")).canonicalize()?;
        let mut links = Vec::new();
        let mut rest: Vec<OsString> = path.file_name().map(OsString::from).into_iter().collect();
        while let Some(part) = rest.pop() {
            if part == ".." {
                end.pop();
                continue;
            }
            let next = end.join(part);
            let metadata = fs::symlink_metadata(&next)?;
            // The links of /proc/*/fd point to open files, which may have no name.
            let is_open_file = next.starts_with("/proc") && end.file_name().is_some_and(|name| name == "fd");
            if !metadata.is_symlink() || is_open_file {
                end = next;
                continue;
            }
            if links.len() == MAX_LINKS {
                return Err(rustix::io::Errno::LOOP.into());
            }
            let target = fs::read_link(&next)?;
            for component in target.components().rev() {
                match component {
                    Component::RootDir | Component::Prefix(_) => end = PathBuf::from("/"),
                    Component::CurDir => {}
                    Component::ParentDir => rest.push("..".into()),
                    Component::Normal(name) => rest.push(name.to_owned()),
                }
            }
            links.push((next, metadata));
        }
        Ok(Self { links, end })
    }
}

/// Which users are trusted in an environment, and where.
pub(super) struct Trust<'a> {
    environment: &'a Environment,
    safe: OnceCell<Vec<PathBuf>>,
    others: OnceCell<BTreeSet<u32>>,
}

impl<'a> Trust<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self { environment, safe: OnceCell::new(), others: OnceCell::new() }
    }

    fn problem(&self, what: What, path: &Path, metadata: &Metadata) -> Option<Problem> {
        let why = if !self.trusts_owner(metadata) {
            Why::Owner(shown_user(metadata.uid()))
        } else if what == What::Link {
            // The mode of a link has no meaning.
            return None;
        } else {
            writable_by_others(path, metadata)?
        };
        let directory = if what == What::Directory { path } else { path.parent().unwrap_or(path) };
        (!self.is_safe(directory)).then(|| Problem { what, path: path.to_owned(), why })
    }

    /// Returns whether the owner is a trusted user.
    pub(super) fn trusts_owner(&self, metadata: &Metadata) -> bool {
        let (own, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
        owner == own || owner == 0 || self.others.get_or_init(|| self.others(own)).contains(&owner)
    }

    fn others(&self, own: u32) -> BTreeSet<u32> {
        let mut others = owners_of_this_program().clone();
        if own == 0 {
            others.extend(self.environment.text("SUDO_UID").and_then(|uid| uid.parse::<u32>().ok()));
        }
        // cargo has just built and run the code in this directory.
        if let Some(package) = self.environment.text("CARGO_MANIFEST_DIR") {
            others.extend(fs::metadata(package).ok().map(|package| package.uid()));
        }
        // A user namespace shows all unknown users with this number.
        others.retain(|uid| *uid != OVERFLOW_UID);
        others
    }

    fn is_safe(&self, directory: &Path) -> bool {
        let safe = self.safe.get_or_init(|| {
            let named = self.environment.text(SAFE_DIRECTORY).unwrap_or_default();
            let named = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
            let base = self.environment.base();
            named
                .map(|path| match path.to_str() {
                    Some("*") => PathBuf::from("/"),
                    _ => base.join(&path).canonicalize().unwrap_or(path),
                })
                .collect()
        });
        safe.iter().any(|safe| directory.starts_with(safe))
    }
}

const OVERFLOW_UID: u32 = 65534;

/// Returns the users who could replace this program: the owners of its file and of its parent directories.
fn owners_of_this_program() -> &'static BTreeSet<u32> {
    static OWNERS: OnceLock<BTreeSet<u32>> = OnceLock::new();
    OWNERS.get_or_init(|| {
        let Ok(path) = std::env::current_exe() else { return BTreeSet::new() };
        let path = path.canonicalize().unwrap_or(path);
        path.ancestors().filter_map(|path| fs::metadata(path).ok()).map(|found| found.uid()).collect()
    })
}

/// Returns how users other than the owner may write, if they can.
fn writable_by_others(path: &Path, metadata: &Metadata) -> Option<Why> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o002 != 0 {
        return Some(Why::Others(mode));
    }
    if mode & 0o020 == 0 {
        // Without this bit an access control list also gives nobody write permission.
        return None;
    }
    if has_access_list(path) {
        return Some(Why::AccessList);
    }
    // On many systems each user has a private group, and the umask gives it write permission.
    (!group_is_private(metadata.gid(), metadata.uid())).then_some(Why::Group(mode, metadata.gid()))
}

#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> bool {
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0; 4096][..]).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_access_list(_: &Path) -> bool {
    false
}
