//! The output and the result of a command.

use std::fmt;

use super::rendering::render;
use crate::error::{Exit, Result};

/// The output and the result of a command. `Display` shows it as the user would see it, in a reproducible
/// form: the project's directory is replaced by `[folder]`, the name of a test database by `[database]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transcript {
    /// The command line; empty for a function that was called.
    pub command: String,
    /// Its output on stdout.
    pub stdout: String,
    /// Its output on stderr, with the error that ended it.
    pub stderr: String,
    /// Its exit code.
    pub exit: Exit,
    /// Text that differs between runs, and its replacement.
    pub(super) shown: Vec<(String, &'static str)>,
}

impl Transcript {
    /// Returns whether the exit code is 0.
    pub fn is_success(&self) -> bool {
        self.exit == Exit::SUCCESS
    }

    /// Returns itself if it succeeded.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_exit(0)
    }

    /// Returns itself if it exited with this code.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_exit(self, code: u8) -> Self {
        assert!(self.exit == Exit(code), "expected exit code {code}:\n{self}");
        self
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = format!("exit code: {}", self.exit.0);
        let text = render(&self.command, &self.stdout, &self.stderr, &end);
        f.write_str(&self.shown.iter().fold(text, |text, (from, to)| text.replace(from, to)))
    }
}

/// The result of a function that was called as a command.
#[derive(Debug)]
#[non_exhaustive]
pub struct Called<T> {
    /// What it returned.
    pub returned: Result<T>,
    /// Its output, with the error as the program would print it.
    pub transcript: Transcript,
}

impl<T> Called<T> {
    /// Returns the value, if the function succeeded.
    ///
    /// # Panics
    ///
    /// With the transcript, if it failed.
    #[track_caller]
    pub fn expect_success(self) -> T {
        match self.returned {
            Ok(value) => value,
            Err(_) => panic!("expected success:\n{}", self.transcript),
        }
    }
}
