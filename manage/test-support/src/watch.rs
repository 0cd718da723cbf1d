//! What outlives the test process: a shell that waits for its end, kills what it started and removes its
//! directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::account::{Account, temp_root};

/// Each line on stdin replaces the list of what is to be killed (negative: a process group). stdin ends when
/// the test process ends, however it does. What dies may still write files for a moment, so removing is tried
/// again.
const WATCHER: &str = r#"
trap '' HUP INT QUIT TERM
doomed=
while read -r line; do doomed=$line; done
for pid in $doomed; do kill -9 "$pid" 2>/dev/null; done
[ -n "$1" ] || exit 0
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rm -rf "$1" 2>/dev/null && exit 0
    sleep 0.1
done
"#;

/// Waits for a line, so that nothing runs that the watcher has not heard of.
const STARTER: &str = r#"read -r go && exec "$@" </dev/null"#;

/// A watcher, and the directory that it removes.
#[derive(Debug)]
pub(crate) struct Watch {
    folder: Option<PathBuf>,
    watcher: Mutex<(Child, Option<ChildStdin>)>,
    ended: AtomicBool,
}

impl Watch {
    /// Creates a new temporary directory that belongs to `account`.
    pub(crate) fn with_folder(account: Account) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("manage-").tempdir_in(temp_root())?;
        account.own(folder.path())?;
        let watch = Self::start(Some(folder.path().to_owned()))?;
        let _ = folder.keep();
        Ok(watch)
    }

    /// Creates a watcher of processes alone.
    pub(crate) fn without_folder() -> io::Result<Self> {
        Self::start(None)
    }

    fn start(folder: Option<PathBuf>) -> io::Result<Self> {
        let mut watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "watcher"])
            .arg(folder.as_deref().unwrap_or(Path::new("")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to the whole group of the test process.
            .process_group(0)
            .spawn()?;
        let stdin = watcher.stdin.take();
        Ok(Self { folder, watcher: Mutex::new((watcher, stdin)), ended: AtomicBool::new(false) })
    }

    /// Returns the directory.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_deref().expect("this watcher has a folder")
    }

    /// What is to be killed when the test process ends; a negative number is a process group.
    pub(crate) fn doom(&self, pids: &[i32]) {
        let line: String = pids.iter().map(|pid| format!("{pid} ")).collect();
        if let Some(stdin) = &mut self.lock().1 {
            let _ = writeln!(stdin, "{}", line.trim_end());
        }
    }

    /// Starts `program` in the directory as the leader of a process group that the watcher knows before the
    /// program runs.
    pub(crate) fn spawn<S: AsRef<OsStr>>(
        &self,
        account: Account,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
        output: File,
    ) -> io::Result<Child> {
        let mut starter = Command::new("/bin/sh");
        starter
            .args(["-c", STARTER, "starter"])
            .arg(program)
            .args(arguments)
            // The servers' account may not be able to enter ours.
            .current_dir(self.folder())
            .env("HOME", self.folder())
            // A starting MariaDB removes the temporary tables of all others from a directory that they share.
            .env("TMPDIR", self.folder())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        // What a developer has set for their own server must not reach ours.
        for (name, _) in std::env::vars_os() {
            if ["PG", "MYSQL", "MARIADB"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
                starter.env_remove(name);
            }
        }
        account.apply(&mut starter);
        let mut child = starter.spawn()?;
        self.doom(&[-(child.id() as i32)]);
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        writeln!(stdin, "go")?;
        Ok(child)
    }

    /// Kills and removes everything now. Later calls do nothing.
    pub(crate) fn end(&self) {
        if !self.ended.swap(true, Ordering::SeqCst) {
            let mut watcher = self.lock();
            drop(watcher.1.take());
            let _ = watcher.0.wait();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Child, Option<ChildStdin>)> {
        self.watcher.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}
