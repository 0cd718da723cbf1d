//! Reads settings files and the files that they name: only regular files and pipes, up to a size, within a
//! time limit.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The maximum size of `.env` and of a settings file.
pub(crate) const SETTINGS_LIMIT: u64 = 1 << 20;

/// The maximum size of a secret's file.
pub(crate) const SECRET_LIMIT: u64 = 64 << 10;

/// How long a program may take to write into a named pipe.
#[cfg(unix)]
const PIPE_LIMIT: Duration = Duration::from_secs(10);

thread_local! {
    /// The deadline of the command that reads on this thread, and its time limit.
    static DEADLINE: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Runs a function under a command's time limit, which is counted from its start.
pub(crate) fn within<T>(start: Instant, limit: Duration, work: impl FnOnce() -> T) -> T {
    let before = DEADLINE.replace(start.checked_add(limit).map(|end| (end, limit)));
    let done = work();
    DEADLINE.set(before);
    done
}

/// Why a file was not read. Its text completes "Cannot read …: ".
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The operating system's reason.
    Io(io::Error),
    /// It is not a file: what it is instead.
    NoFile(&'static str),
    /// It is larger than this number of bytes.
    TooLarge(u64),
    /// A named pipe whose writer did not finish within this time.
    Unwritten(Duration),
    /// The same, within the command's time limit.
    OutOfTime(Duration),
}

impl ReadError {
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::OutOfTime(_))
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NoFile(kind) => write!(f, "it is {kind}, not a file"),
            Self::TooLarge(limit) if *limit < 1 << 20 => write!(f, "it is larger than {} KiB", limit >> 10),
            Self::TooLarge(limit) => write!(f, "it is larger than {} MiB", limit >> 20),
            Self::Unwritten(limit) | Self::OutOfTime(limit) => write!(
                f,
                "it is a named pipe, and no program wrote to it and closed it within {} seconds",
                limit.as_secs_f64()
            ),
        }
    }
}

impl std::error::Error for ReadError {}

/// Returns the content of a regular file or a named pipe. Anything else is not even opened, because opening a
/// device may have an effect.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    Kind::of(&fs::metadata(path)?)?;
    content(path, open(path)?, limit)
}

/// Returns whether it is a regular file, which is read without waiting.
pub(super) fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Returns the content of a file that was opened by [`open`]. This process reads a pipe only once, since its
/// content is then consumed.
pub(super) fn content(path: &Path, mut file: File, limit: u64) -> Result<Vec<u8>, ReadError> {
    static READ: Mutex<BTreeMap<(PathBuf, u64), Vec<u8>>> = Mutex::new(BTreeMap::new());

    let metadata = file.metadata()?;
    match Kind::of(&metadata)? {
        Kind::Null => Ok(Vec::new()),
        Kind::Regular if metadata.len() > limit => Err(ReadError::TooLarge(limit)),
        Kind::Regular => {
            let mut content = Vec::new();
            file.by_ref().take(limit + 1).read_to_end(&mut content)?;
            // Files of /proc have no size, and other files may grow.
            if content.len() as u64 > limit { Err(ReadError::TooLarge(limit)) } else { Ok(content) }
        }
        Kind::Pipe => {
            let key = (std::path::absolute(path)?, number(&metadata));
            let known = |content: &Vec<u8>| match content.len() as u64 > limit {
                true => Err(ReadError::TooLarge(limit)),
                false => Ok(content.clone()),
            };
            let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(content) = read.get(&key) {
                return known(content);
            }
            let content = pipe::content(&mut file, limit)?;
            read.insert(key, content.clone());
            Ok(content)
        }
    }
}

/// The kinds of files that can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Pipe,
    /// The null device: mounting it over a file, or linking to it, makes the file empty.
    Null,
}

#[cfg(unix)]
impl Kind {
    pub(super) fn of(metadata: &Metadata) -> Result<Self, ReadError> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let kind = metadata.file_type();
        let is_null =
            || fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev() && null.rdev() != 0);
        Ok(match () {
            () if kind.is_file() => Self::Regular,
            () if kind.is_fifo() => Self::Pipe,
            () if kind.is_char_device() && is_null() => Self::Null,
            () if kind.is_dir() => return Err(ReadError::NoFile("a directory")),
            () if kind.is_socket() => return Err(ReadError::NoFile("a socket")),
            () => return Err(ReadError::NoFile("a device")),
        })
    }
}

#[cfg(not(unix))]
impl Kind {
    pub(super) fn of(metadata: &Metadata) -> Result<Self, ReadError> {
        match metadata.is_dir() {
            true => Err(ReadError::NoFile("a directory")),
            false => Ok(Self::Regular),
        }
    }
}

/// Opens a file without waiting for a pipe's writer.
#[cfg(unix)]
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = rustix::fs::open(path, open_flags(), rustix::fs::Mode::empty())?;
    Ok(File::from(file))
}

#[cfg(unix)]
pub(super) fn open_flags() -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC
}

#[cfg(not(unix))]
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}

#[cfg(unix)]
mod pipe {
    use std::fs::File;
    use std::io::{ErrorKind, Read as _};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::{DEADLINE, PIPE_LIMIT, ReadError};

    /// How long to pause if the system does not report when a writer opens the pipe.
    const PAUSE: Duration = Duration::from_millis(10);

    /// Returns everything that is written to a pipe until its writers close it.
    pub(super) fn content(file: &mut File, limit: u64) -> Result<Vec<u8>, ReadError> {
        let own = Instant::now() + PIPE_LIMIT;
        let (end, out_of_time) = match DEADLINE.get() {
            Some((end, limit)) if end < own => (end, ReadError::OutOfTime(limit)),
            _ => (own, ReadError::Unwritten(PIPE_LIMIT)),
        };
        let mut content = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(out_of_time);
            }
            let wait = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::new(&*file, PollFlags::IN)], Some(&wait)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(ReadError::Io(error.into())),
            }
            match file.read(&mut buffer) {
                // On other systems a pipe without a writer is at its end.
                Ok(0) if !cfg!(target_os = "linux") && content.is_empty() => std::thread::sleep(PAUSE),
                Ok(0) => return Ok(content),
                Ok(count) => content.extend_from_slice(&buffer[..count]),
                Err(error) if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) => {}
                Err(error) => return Err(error.into()),
            }
            if content.len() as u64 > limit {
                return Err(ReadError::TooLarge(limit));
            }
        }
    }
}

#[cfg(not(unix))]
mod pipe {
    use super::ReadError;

    pub(super) fn content(_: &mut std::fs::File, _: u64) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::NoFile("a pipe"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_without_end() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a");
        for (size, is_read) in [(0, true), (1, true), (1024, true), (1025, false)] {
            fs::write(&path, vec![b'x'; size]).expect("a file");
            let read = read(&path, 1024);
            assert_eq!(read.map(|content| content.len()).ok(), is_read.then_some(size));
        }
        assert_eq!(read(&path, 1024).expect_err("too large").to_string(), "it is larger than 1 KiB");
        let error = read(folder.path(), 1024).expect_err("a directory");
        assert_eq!(error.to_string(), "it is a directory, not a file");
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_not_read() {
        let error = read(Path::new("/dev/zero"), 1024).expect_err("a device");
        assert_eq!(error.to_string(), "it is a device, not a file");
        assert_eq!(read(Path::new("/dev/null"), 1024).expect("nothing"), b"");
    }
}
