//! What a command said and how it ended.

use std::fmt;

use crate::{Exit, Result};

/// What a command said and how it ended. `Display` shows it as a person would have seen it, with the same text each time:
/// the project's folder is shown as `[folder]`, the name of a test database as `[database]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The command line; empty for a function that was called.
    pub command: String,
    /// All that it wrote to stdout.
    pub stdout: String,
    /// All that it wrote to stderr, with the error that ended it.
    pub stderr: String,
    /// How it ended.
    pub exit: Exit,
    /// What differs from run to run, and what is shown in its place.
    pub(super) shown: Vec<(String, &'static str)>,
}

impl Transcript {
    /// Whether it ended with 0.
    pub fn is_success(&self) -> bool {
        self.exit == Exit::SUCCESS
    }

    /// Itself, if it succeeded.
    ///
    /// # Panics
    ///
    /// With the transcript, if not.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_exit(0)
    }

    /// Itself, if it ended with this exit code.
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
        let mut text = String::new();
        if !self.command.is_empty() {
            text.push_str(&format!("$ {}\n", self.command));
        }
        for (name, part) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !part.is_empty() {
                let newline = if part.ends_with('\n') { "" } else { "\n" };
                text.push_str(&format!("--- {name} ---\n{part}{newline}"));
            }
        }
        text.push_str(&format!("--- exit code: {} ---\n", self.exit.0));
        f.write_str(&self.shown.iter().fold(text, |text, (from, to)| text.replace(from, to)))
    }
}

/// What became of a function that was called as a command.
#[derive(Debug)]
pub struct Called<T> {
    /// What it returned.
    pub returned: Result<T>,
    /// What it said, and what the program would have said of an error of it.
    pub transcript: Transcript,
}

impl<T> Called<T> {
    /// What it returned, if that is no error.
    ///
    /// # Panics
    ///
    /// With the transcript, if it is.
    #[track_caller]
    pub fn expect_success(self) -> T {
        match self.returned {
            Ok(value) => value,
            Err(_) => panic!("expected success:\n{}", self.transcript),
        }
    }
}
