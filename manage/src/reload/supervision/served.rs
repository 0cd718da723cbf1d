//! A program that the supervisor has started.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};

use super::link::{self, Order, Said};

/// How long the last message of a program that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the operating system and the program report.
#[derive(Debug)]
pub(crate) enum News {
    /// It accepts connections, and reads files below these directories for each request.
    Ready(Vec<PathBuf>),
    /// It accepts no more connections, and finishes what was begun.
    Finishes,
    /// Why it is about to end.
    Failed(String),
    Ended(ExitStatus),
}

/// A program that runs.
pub(super) struct Served {
    pub(super) generation: u64,
    /// Kept open, so that it can be compared although cargo has replaced it.
    executable: File,
    link: UnixStream,
    group: Option<Pid>,
    has_ended: Arc<AtomicBool>,
    /// Why it is about to end, as it said itself.
    pub(super) reason: Option<String>,
}

impl Served {
    /// Starts a program with the listening socket and the arguments of this process.
    pub(super) fn start(
        generation: u64,
        executable: &Path,
        arguments: &[OsString],
        listener: &TcpListener,
        report: impl Fn(News) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let file = File::open(executable)?;
        let (link, stdin) = UnixStream::pair()?;
        let mut command = Command::new(executable);
        // The protocol of systemd; without LISTEN_PID, which nobody knows before the process exists.
        command
            .args(arguments)
            .env("LISTEN_FDS", "1")
            .env_remove("LISTEN_PID")
            .envs([link::mark(generation)])
            .stdin(OwnedFd::from(stdin))
            // A signal of the terminal is for the supervisor, which lets the program finish.
            .process_group(0)
            .fd_mappings(vec![FdMapping { parent_fd: listener.try_clone()?.into(), child_fd: 3 }])
            .map_err(|error| io::Error::other(error.to_string()))?;
        let mut process = command.spawn()?;
        // With it goes this process's copy of the program's stdin.
        drop(command);
        let has_ended = Arc::new(AtomicBool::new(false));
        let served = Self {
            generation,
            executable: file,
            group: i32::try_from(process.id()).ok().and_then(Pid::from_raw),
            has_ended: Arc::clone(&has_ended),
            link,
            reason: None,
        };
        let (reading, said) = (served.link.try_clone()?, report.clone());
        let (reads, all_read) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _reads = reads;
            link::read(reading, |message| {
                said(match message {
                    Said::Ready(pages) => News::Ready(pages),
                    Said::Finishes => News::Finishes,
                    Said::Failed(why) => News::Failed(why),
                });
            });
        });
        thread::spawn(move || {
            if let Ok(status) = process.wait() {
                has_ended.store(true, Ordering::SeqCst);
                // What it said comes before its end. A process that it has left behind may have its stdin.
                let _ = all_read.recv_timeout(LAST_WORDS);
                report(News::Ended(status));
            }
        });
        Ok(served)
    }

    /// Sends the program an order. If it is gone, its end is reported anyway.
    pub(super) fn tell(&self, order: &Order) {
        let _ = link::write(&self.link, order);
    }

    /// Kills the program and what it has started in its process group.
    pub(super) fn kill(&self) {
        if let (Some(group), false) = (self.group, self.has_ended.load(Ordering::SeqCst)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Returns whether a program has the same content as the one that runs.
    pub(super) fn is(&self, executable: &Path) -> io::Result<bool> {
        let other = File::open(executable)?;
        let (old, new) = (self.executable.metadata()?, other.metadata()?);
        if (old.dev(), old.ino()) == (new.dev(), new.ino()) {
            return Ok(true);
        }
        if old.len() != new.len() {
            return Ok(false);
        }
        same_content(&self.executable, &other)
    }
}

fn same_content(old: &File, new: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let (mut one, mut two) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let (mut at, mut new) = (0, new);
    loop {
        let length = new.read(&mut two)?;
        if length == 0 {
            return Ok(true);
        }
        old.read_exact_at(&mut one[..length], at)?;
        if one[..length] != two[..length] {
            return Ok(false);
        }
        at += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_compared_by_their_content() {
        let folder = tempfile::tempdir().expect("a directory");
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            path
        };
        let long = vec![7; 3_000_000];
        let mut other = long.clone();
        other[2_999_999] = 8;
        let running = write("running", &long);
        let served = Served {
            generation: 1,
            executable: File::open(&running).expect("a file"),
            link: UnixStream::pair().expect("sockets").0,
            group: None,
            has_ended: Arc::default(),
            reason: None,
        };
        assert!(served.is(&running).expect("readable"));
        assert!(served.is(&write("same", &long)).expect("readable"));
        assert!(!served.is(&write("other", &other)).expect("readable"));
        assert!(!served.is(&write("shorter", &long[1..])).expect("readable"));
        std::fs::remove_file(&running).expect("it was there");
        assert!(served.is(&write("running", &long)).expect("readable"), "also when it was replaced");
    }
}
