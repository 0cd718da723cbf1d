//! One server process in its own directory, whichever program it is.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rustix::process::Signal;

use crate::account::Account;
use crate::find::Unavailable;
use crate::port::free_port;
use crate::process;
use crate::wait::happens_within;
use crate::watch::Watch;

/// How long a server may take to start or to stop before a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What differs between the servers.
pub(crate) struct Kind {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// The signal that makes it stop without waiting for its clients.
    pub(crate) stop: Signal,
    /// The arguments of the program.
    pub(crate) arguments: fn(&Instance) -> Vec<OsString>,
    /// Whether the process `pid`, which has written this log, accepts connections.
    pub(crate) ready: fn(&Instance, pid: u32, log: &str) -> bool,
    /// Removes what a killed server leaves behind and a new one might take for a living one.
    pub(crate) sweep: fn(&Instance),
}

pub(crate) struct Instance {
    kind: &'static Kind,
    program: PathBuf,
    account: Account,
    watch: Watch,
    port: AtomicU16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    /// The processes that stand still.
    paused: Vec<i32>,
    /// Where the log of the running process begins.
    log_start: usize,
}

impl Instance {
    pub(crate) fn new(kind: &'static Kind, program: PathBuf, account: Account, watch: Watch) -> Self {
        let (port, state) = (AtomicU16::new(free_port()), Mutex::default());
        Self { kind, program, account, watch, port, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.load(Ordering::SeqCst)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.watch.folder()
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.lock().child.as_ref().map(Child::id)
    }

    pub(crate) fn log(&self) -> String {
        fs::read(self.log_file())
            .map_or_else(|_| String::new(), |log| String::from_utf8_lossy(&log).into_owned())
    }

    /// Starts it for the first time, on another port if the first choice was taken meanwhile.
    pub(crate) fn first_start(&self) -> Result<(), Unavailable> {
        let mut tries = 0;
        loop {
            self.spawn().map_err(Unavailable::broken)?;
            match self.try_ready(PATIENCE) {
                Ok(()) => return Ok(()),
                Err(_) if tries < 5 && self.log().contains("Address already in use") => {
                    self.stop();
                    self.port.store(free_port(), Ordering::SeqCst);
                    tries += 1;
                }
                Err(why) => return Err(Unavailable::Broken { why }),
            }
        }
    }

    /// Starts the process without waiting for it.
    pub(crate) fn spawn(&self) -> io::Result<()> {
        let log = self.log().len();
        let mut state = self.lock();
        if state.child.is_some() {
            return Err(io::Error::other(format!("{} runs already", self.kind.name)));
        }
        (self.kind.sweep)(self);
        let output = self.open_log()?;
        state.log_start = log;
        state.child =
            Some(self.watch.spawn(self.account, &self.program, (self.kind.arguments)(self), output)?);
        Ok(())
    }

    /// Waits until it accepts connections, or says why it does not.
    pub(crate) fn try_ready(&self, deadline: Duration) -> Result<(), String> {
        let mut ended = None;
        let decided = happens_within(deadline, || {
            let mut state = self.lock();
            let start = state.log_start;
            let Some(child) = &mut state.child else {
                ended = Some("it was not started".to_owned());
                return true;
            };
            if let Ok(Some(status)) = child.try_wait() {
                state.child = None;
                self.watch.doom(&[]);
                ended = Some(format!("it ended with {status}"));
                return true;
            }
            let pid = child.id();
            drop(state);
            (self.kind.ready)(self, pid, self.log().get(start..).unwrap_or_default())
        });
        match ended {
            None if decided => Ok(()),
            None => Err(self.complaint(&format!("it was not ready within {deadline:?}"))),
            Some(why) => Err(self.complaint(&why)),
        }
    }

    /// Suspends every process of the server.
    pub(crate) fn pause(&self) {
        let mut state = self.lock();
        if let Some(root) = state.child.as_ref().map(|child| child.id() as i32) {
            state.paused = process::stop_tree(root, |pids| {
                let doomed: Vec<i32> = pids.iter().copied().chain([-root]).collect();
                self.watch.doom(&doomed);
            });
        }
    }

    /// Lets them run on.
    pub(crate) fn resume(&self) {
        let mut state = self.lock();
        for pid in std::mem::take(&mut state.paused) {
            process::signal(pid, Signal::CONT);
        }
        if let Some(child) = &state.child {
            self.watch.doom(&[-(child.id() as i32)]);
        }
    }

    /// Kills every process of the server, as a crash of its machine would.
    pub(crate) fn kill(&self) {
        let mut state = self.lock();
        state.paused.clear();
        if let Some(mut child) = state.child.take() {
            let root = child.id() as i32;
            let pids = process::tree(root);
            // The first one first, lest it take a killed child for a crash and restart.
            process::signal(root, Signal::KILL);
            process::kill_all(&pids, root);
            let _ = child.wait();
            self.watch.doom(&[]);
        }
    }

    /// Stops the server in good order, without waiting for its clients.
    pub(crate) fn stop(&self) {
        self.resume();
        let mut state = self.lock();
        if let Some(child) = &mut state.child {
            process::signal(child.id() as i32, self.kind.stop);
            if happens_within(PATIENCE, || !matches!(child.try_wait(), Ok(None))) {
                state.child = None;
                self.watch.doom(&[]);
            } else {
                drop(state);
                self.kill();
            }
        }
    }

    /// Kills the server and removes its directory.
    pub(crate) fn end(&self) {
        self.kill();
        self.watch.end();
    }

    /// Returns a message for a person, with the end of the log.
    pub(crate) fn complaint(&self, what: &str) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(25)..].join("\n");
        format!("{} on port {}: {what}. The end of its log:\n{tail}", self.kind.name, self.port())
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("log")
    }

    fn open_log(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.log_file())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.end();
    }
}
