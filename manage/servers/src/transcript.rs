//! What a program said, and how it ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// A program that has ended. `Display` shows it as a person would have seen it, without anything that differs from run
/// to run.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The program's name and its arguments.
    pub command: String,
    /// All that it wrote to stdout.
    pub stdout: String,
    /// All that it wrote to stderr.
    pub stderr: String,
    /// How it ended; nothing while it runs.
    pub status: Option<ExitStatus>,
    /// How long it ran.
    pub duration: Duration,
    /// The deadline after which it was killed.
    pub timed_out: Option<Duration>,
}

impl Transcript {
    /// Its exit code; nothing when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status?.code()
    }

    /// Whether it ended by itself with exit code 0.
    pub fn success(&self) -> bool {
        self.timed_out.is_none() && self.code() == Some(0)
    }

    /// Itself, if it succeeded.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_code(0)
    }

    /// Itself, if it ended by itself with this exit code.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert!(self.timed_out.is_none() && self.code() == Some(code), "expected exit code {code}:\n{self}");
        self
    }

    /// What it wrote to stdout if it succeeded, else all of it.
    pub(crate) fn into_output(self) -> Result<String, String> {
        if self.success() { Ok(self.stdout) } else { Err(self.to_string()) }
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.command)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                let newline = if text.ends_with('\n') { "" } else { "\n" };
                write!(f, "--- {name} ---\n{text}{newline}")?;
            }
        }
        f.write_str("--- ")?;
        match (self.timed_out, self.status) {
            (Some(deadline), _) => write!(f, "killed: it still ran after {deadline:?}"),
            (None, None) => f.write_str("it runs"),
            (None, Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => write!(f, "exit code: {code}"),
                (None, Some(signal)) => write!(f, "ended by signal {signal}"),
                (None, None) => write!(f, "{status}"),
            },
        }?;
        f.write_str(" ---\n")
    }
}
