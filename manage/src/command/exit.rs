//! Exit codes, and what a command may return.

use super::CommandError;
use crate::Result;

/// The exit code of the program.
///
/// A command that returns `Result<()>` ends with 0, or with 1 on an error. One that returns `Result<Exit>` chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "it may not be 0: `.ok()?` makes any other exit code an error"]
pub struct Exit(pub u8);

impl Exit {
    /// The command did what it was asked to do.
    pub const SUCCESS: Self = Self(0);
    /// The command failed, and has said why.
    pub const FAILURE: Self = Self(1);
    /// The arguments were wrong.
    pub const USAGE: Self = Self(2);
    /// A lock was lost while the command ran (`EX_IOERR` of sysexits.h); the program has ended.
    pub const LOCK_LOST: Self = Self(74);
    /// Another process holds the lock (`EX_TEMPFAIL` of sysexits.h): try again later.
    pub const BUSY: Self = Self(75);
    /// The configuration is wrong, and waiting will not mend it (`EX_CONFIG` of sysexits.h).
    pub const CONFIGURATION: Self = Self(78);
    /// Time ran out, as timeout(1) has it.
    pub const TIMED_OUT: Self = Self(124);
    /// Stopped by SIGINT: 128 and the signal's number.
    pub const INTERRUPTED: Self = Self(130);
    /// The reader of the output has gone: 128 and SIGPIPE's number.
    pub const BROKEN_PIPE: Self = Self(141);
    /// Stopped by SIGTERM: 128 and the signal's number.
    pub const TERMINATED: Self = Self(143);

    /// Makes an error of any exit code but 0: a [`CommandError`] that keeps the code.
    pub fn ok(self) -> Result<()> {
        if self == Self::SUCCESS {
            return Ok(());
        }
        Err(CommandError::new(format!("The command ended with exit code {}.", self.0)).exit(self.0).into())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// What may stand inside a command's `Result`.
#[diagnostic::on_unimplemented(
    message = "a command returns `Result<()>` or `Result<Exit>`, not `Result<{Self}>`",
    label = "this is not an exit code"
)]
pub trait IntoExit {
    /// The exit code that it stands for.
    fn into_exit(self) -> Exit;
}

impl IntoExit for () {
    fn into_exit(self) -> Exit {
        Exit::SUCCESS
    }
}

impl IntoExit for Exit {
    fn into_exit(self) -> Exit {
        self
    }
}

/// What a command returns: a `Result` of nothing or of an exit code, with any error that anyhow takes.
#[diagnostic::on_unimplemented(
    message = "a command returns a `Result`, not `{Self}`",
    label = "write `-> Result<()>` (from `manage::prelude`)"
)]
pub trait Outcome {
    /// The exit code, or the error that ended the command.
    fn into_exit(self) -> Result<Exit>;
}

impl<T: IntoExit, E: IntoError> Outcome for std::result::Result<T, E> {
    fn into_exit(self) -> Result<Exit> {
        self.map(IntoExit::into_exit).map_err(IntoError::into_error)
    }
}

/// What may stand for an error in a command's `Result`: whatever anyhow takes.
#[diagnostic::on_unimplemented(
    message = "a command's error is a `std::error::Error`, not a `{Self}`",
    label = "write `Result<()>` (from `manage::prelude`), and `bail!(…)` for an error that is a text"
)]
pub trait IntoError {
    /// The error as the program tells it.
    fn into_error(self) -> anyhow::Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<anyhow::Error>> IntoError for E {
    fn into_error(self) -> anyhow::Error {
        self.into()
    }
}
