//! What a program said, and how it ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rendering::render;

/// The framework has a transcript of its own, of commands in-process. Nothing of it can be linked here, since
/// its own tests are linked with this crate.
#[path = "../../src/testing/rendering.rs"]
mod rendering;

/// A program that has ended. `Display` shows it as a person would have seen it, without anything that differs
/// from run to run.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The program's name and its arguments.
    pub command: String,
    /// Its output on stdout.
    pub stdout: String,
    /// All that it wrote to stderr.
    pub stderr: String,
    /// How it ended; nothing while it runs.
    pub status: Option<ExitStatus>,
    /// How long it ran.
    pub duration: Duration,
    /// The most memory that it has had so far, in bytes (`VmHWM`); nothing where the system does not say.
    pub peak_memory: Option<u64>,
    /// The deadline after which it was killed.
    pub timed_out: Option<Duration>,
}

impl Transcript {
    /// Returns its exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status?.code()
    }

    /// Returns whether it ended by itself with exit code 0.
    pub fn success(&self) -> bool {
        self.timed_out.is_none() && self.code() == Some(0)
    }

    /// Returns itself if it succeeded.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_code(0)
    }

    /// Returns itself, if it ended by itself with this exit code.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert!(self.timed_out.is_none() && self.code() == Some(code), "expected exit code {code}:\n{self}");
        self
    }

    /// Returns what it wrote to stdout if it succeeded, else all of it.
    pub(crate) fn into_output(self) -> Result<String, String> {
        if self.success() { Ok(self.stdout) } else { Err(self.to_string()) }
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match (self.timed_out, self.status) {
            (Some(deadline), _) => format!("killed: it still ran after {deadline:?}"),
            (None, None) => "it runs".to_owned(),
            (None, Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit code: {code}"),
                (None, Some(signal)) => format!("ended by signal {signal}"),
                (None, None) => status.to_string(),
            },
        };
        f.write_str(&render(&self.command, &self.stdout, &self.stderr, &end))
    }
}
