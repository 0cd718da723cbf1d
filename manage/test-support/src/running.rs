//! A program that runs.

use std::io::Read;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::process;
use crate::transcript::Transcript;
use crate::wait::happens_within;
use crate::watched::unwatch;

/// A program that was started with [`crate::Program::spawn`]. It is killed with all that it started when this
/// value drops.
pub struct Running {
    child: Child,
    shown: String,
    started: Instant,
    status: Option<ExitStatus>,
    peak_memory: Option<u64>,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    pub(crate) fn new(mut child: Child, shown: String) -> Self {
        let stdout = Stream::read(child.stdout.take());
        let stderr = Stream::read(child.stderr.take());
        Self { child, shown, started: Instant::now(), status: None, peak_memory: None, stdout, stderr }
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Returns what it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Returns whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.reap().is_none()
    }

    /// Sends a signal to the program alone, not to what it started.
    pub fn signal(&mut self, signal: Signal) {
        // Not to a stranger that has got the id of an ended program.
        if self.is_running() {
            process::signal(self.child.id() as i32, signal);
        }
    }

    /// Waits for a whole line that contains a text, on stdout or stderr, and returns it. The next call looks
    /// only at what comes after it on the same stream.
    ///
    /// # Panics
    ///
    /// When the program ends without it, or the deadline passes.
    #[track_caller]
    pub fn wait_for_line(&mut self, contains: &str, deadline: Duration) -> String {
        let mut found = None;
        let decided = happens_within(deadline, || {
            // In this order: what an ended program has written can all be read.
            let ended = self.stdout.lock().ended && self.stderr.lock().ended;
            found = self.stdout.find(contains).or_else(|| self.stderr.find(contains));
            found.is_some() || ended
        });
        let why = if decided { "it ended".to_owned() } else { format!("{deadline:?} passed") };
        found.unwrap_or_else(|| {
            self.reap();
            panic!("waited for a line with “{contains}” until {why}:\n{}", self.transcript(None))
        })
    }

    /// Waits until it ends. When the deadline passes it is killed with all that it started, and the
    /// transcript says so.
    pub fn wait(mut self, deadline: Duration) -> Transcript {
        let in_time = happens_within(deadline, || self.reap().is_some());
        // Something that it left behind may hold its stdout open forever.
        let grace = if in_time { Duration::from_secs(2) } else { Duration::ZERO };
        if !happens_within(grace, || self.has_said_all()) {
            self.kill();
            happens_within(Duration::from_secs(2), || self.has_said_all());
        }
        self.transcript((!in_time).then_some(deadline))
    }

    /// Kills it, and all that it started.
    pub fn kill(&mut self) {
        if let Some(group) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        if self.status.is_none() {
            self.status = self.child.wait().ok();
            unwatch(self.child.id());
        }
    }

    fn has_said_all(&self) -> bool {
        self.stdout.lock().ended && self.stderr.lock().ended
    }

    fn reap(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            // The system forgets it at the end, so it is read again and again.
            self.peak_memory = process::peak_memory(self.child.id()).or(self.peak_memory);
            self.status = self.child.try_wait().ok().flatten();
            if self.status.is_some() {
                unwatch(self.child.id());
            }
        }
        self.status
    }

    fn transcript(&self, timed_out: Option<Duration>) -> Transcript {
        Transcript {
            command: self.shown.clone(),
            stdout: self.stdout(),
            stderr: self.stderr(),
            status: self.status,
            duration: self.started.elapsed(),
            peak_memory: self.peak_memory,
            timed_out,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

/// What comes out of a pipe, read by a thread.
struct Stream {
    buffer: Arc<Mutex<Buffer>>,
    /// How much of it `find` has passed.
    passed: usize,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn read(pipe: Option<impl Read + Send + 'static>) -> Self {
        let buffer = Arc::new(Mutex::new(Buffer::default()));
        let (mut pipe, filled) = (pipe.expect("the output is a pipe"), Arc::clone(&buffer));
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                lock(&filled).bytes.extend_from_slice(&chunk[..length]);
            }
            lock(&filled).ended = true;
        });
        Self { buffer, passed: 0 }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        lock(&self.buffer)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().bytes).into_owned()
    }

    fn find(&mut self, contains: &str) -> Option<String> {
        let buffer = lock(&self.buffer);
        let mut start = self.passed;
        for line in buffer.bytes[self.passed..].split_inclusive(|&byte| byte == b'\n') {
            start += line.len();
            let whole = line.ends_with(b"\n") || buffer.ended;
            let line = String::from_utf8_lossy(line);
            if whole && line.contains(contains) {
                self.passed = start;
                return Some(line.trim_end_matches(['\r', '\n']).to_owned());
            }
        }
        None
    }
}

fn lock(buffer: &Mutex<Buffer>) -> MutexGuard<'_, Buffer> {
    buffer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
