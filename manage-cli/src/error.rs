//! Errors that the user can fix.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::output::{printable, shown};

/// The exit code of wrong arguments.
const USAGE: u8 = 2;

/// The exit code of a program that SIGPIPE ends, in a shell.
const BROKEN_PIPE: u8 = 128 + 13;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
    hints: Vec<String>,
    pub(crate) exit: u8,
}

pub(crate) type Result<T = ExitCode, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit: 1 }
    }

    /// An error in the arguments.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: USAGE, ..Self::new(message) }
    }

    /// Text that cannot be printed. A reader that wants no more, such as `head`, is no error to report.
    pub(crate) fn print_failed(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { exit: BROKEN_PIPE, ..Self::new("") },
            _ => Self::new(format!("Nothing can be printed: {error}.")),
        }
    }

    /// A file or directory that cannot be used.
    pub(crate) fn io(path: &Path, what: &str, error: &io::Error) -> Self {
        Self::new(format!("{} cannot be {what}: {error}.", shown(path)))
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints it to stderr, in lines.
    pub(crate) fn print(&self) {
        if self.exit == BROKEN_PIPE {
            return;
        }
        // There is nowhere to report that stderr is closed.
        let _ = writeln!(io::stderr(), "{self}");
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error: {}", printable(&self.message))?;
        for hint in &self.hints {
            write!(f, "\nHint: {}", printable(hint))?;
        }
        Ok(())
    }
}
