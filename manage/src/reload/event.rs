//! What a supervisor reports to the person who started it.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// One step of a reload.
#[derive(Debug)]
pub(crate) enum Event {
    /// The sources are watched; `keys`: a person can press some.
    Watching { keys: bool },
    /// These files have changed, and a build begins; none: the program is older than its sources, or a person
    /// asked for it.
    Building(Vec<PathBuf>),
    /// These settings have changed, and the program restarts.
    Settings(Vec<PathBuf>),
    /// These files have changed, which the program reads for each request, so open pages are reloaded.
    Pages(Vec<PathBuf>),
    /// Cargo or the compiler said something.
    Cargo(Report),
    /// Which processes have the lock that cargo waits for.
    Waiting(Vec<String>),
    /// Cargo would build the program in another way than it was built.
    BuiltOtherwise,
    /// Cargo compiles this package each time, since a path does not exist that its build script names.
    Missing(String),
    /// The build failed; `is_served`: an older program goes on.
    BuildFailed { is_served: bool },
    /// The build changed nothing.
    Unchanged,
    /// A new program has taken over, so long after the change was seen.
    Ready { after: Duration, build: Duration },
    /// A new program ended before it was ready.
    FailedToStart { status: ExitStatus, is_served: bool },
    /// A program could not be started.
    CannotStart(std::io::Error),
    /// The program that served has ended by itself; `restarts`: it is started again.
    Died { status: ExitStatus, restarts: bool },
    /// The files are polled, for this reason.
    Polling(String),
}

/// What a build reports while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A line of cargo's, such as `   Compiling app v0.1.0`.
    Line(String),
    /// A message of the compiler's, of several lines.
    Diagnostic(String),
    /// Another cargo has the lock of this directory.
    Waits,
}
