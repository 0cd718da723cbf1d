//! What is wrong with a file.

use std::fmt;
use std::path::{Path, PathBuf};

use manage::console::{echo, printable};

/// How much of a reason is shown, in characters. The longest that repeats nothing has about 200.
const LONGEST: usize = 500;

/// Something that is wrong with a file, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    path: PathBuf,
    fault: Fault,
}

impl Problem {
    pub(crate) fn new(path: &Path, fault: impl Into<Fault>) -> Self {
        Self { path: path.to_owned(), fault: fault.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", echo(&self.path))?;
        if let Some(line) = self.fault.line {
            write!(f, "{line}:")?;
        }
        // It may repeat what the file says, however long that is.
        let reason = &self.fault.reason;
        match reason.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, " {}…", printable(&reason[..end])),
            None => write!(f, " {}", printable(reason)),
        }
    }
}

/// A problem of a file whose name the reader of it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Counted from 1 in the whole file; nothing where the file's name is to blame.
    pub(super) line: Option<usize>,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn at(line: usize, reason: impl Into<String>) -> Self {
        Self { line: Some(line), reason: reason.into() }
    }
}

impl<S: Into<String>> From<S> for Fault {
    fn from(reason: S) -> Self {
        Self { line: None, reason: reason.into() }
    }
}
