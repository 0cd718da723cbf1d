//! Exit codes, and what a command may return.

use std::process::ExitStatus;

use super::{CommandError, Result};

/// The exit code of the program.
///
/// A command that returns `Result<()>` ends with 0, or with 1 on an error. One that returns `Result<Exit>`
/// chooses:
///
/// ```
/// # mod verify {
/// use manage::prelude::*;
///
/// /// Verify the backup with the archiver's own check
/// #[command]
/// pub fn verify(_cx: &mut Context, file: std::path::PathBuf) -> Result<Exit> {
///     let status = std::process::Command::new("gzip").arg("--test").arg(file).status()?;
///     Ok(status.into())
/// }
/// # }
/// ```
///
/// A number that may not be an exit code, such as an `i32` of another library, is converted by
/// `u8::try_from`: systems cut larger numbers off, so that 256 would mean success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "it may not be 0: `.ok()?` makes any other exit code an error"]
pub struct Exit(pub u8);

impl Exit {
    /// The command succeeded.
    pub const SUCCESS: Self = Self(0);
    /// The command failed and printed why.
    pub const FAILURE: Self = Self(1);
    /// The arguments were wrong.
    pub const USAGE: Self = Self(2);
    /// A lock was lost while the command ran (`EX_IOERR` of sysexits.h); the program has ended.
    pub const LOCK_LOST: Self = Self(74);
    /// Another process holds the lock (`EX_TEMPFAIL` of sysexits.h): try again later.
    pub const BUSY: Self = Self(75);
    /// The configuration is wrong, and waiting will not fix it (`EX_CONFIG` of sysexits.h).
    pub const CONFIGURATION: Self = Self(78);
    /// Timed out; the code is that of timeout(1).
    pub const TIMED_OUT: Self = Self(124);
    /// Stopped by SIGINT: 128 plus the signal's number.
    pub const INTERRUPTED: Self = Self(130);
    /// Broken pipe: 128 plus SIGPIPE's number.
    pub const BROKEN_PIPE: Self = Self(141);
    /// Stopped by SIGTERM: 128 plus the signal's number.
    pub const TERMINATED: Self = Self(143);

    /// Turns any exit code except 0 into a [`CommandError`] that keeps the code.
    pub fn ok(self) -> Result<()> {
        if self == Self::SUCCESS {
            return Ok(());
        }
        Err(CommandError::new(format!("The command ended with exit code {}.", self.0)).exit_code(self).into())
    }
}

impl From<u8> for Exit {
    fn from(code: u8) -> Self {
        Self(code)
    }
}

/// That of a program that ended: its exit code, or as in a shell 128 and the number of the signal that ended
/// it. A code that does not fit into 8 bits, which Windows has, becomes 1.
impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None::<i32>;
        let code = status.code().or(signal.map(|number| 128 + number));
        code.and_then(|code| u8::try_from(code).ok()).map_or(Self::FAILURE, Self)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// A value that a command's `Result` can contain.
#[diagnostic::on_unimplemented(
    message = "a command returns `Result<()>` or `Result<Exit>`, not `Result<{Self}>`",
    label = "this is not an exit code"
)]
pub trait IntoExit {
    /// Returns the exit code that it represents.
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
    /// Returns the exit code, or the error that ended the command.
    fn into_exit(self) -> Result<Exit>;
}

impl<T: IntoExit, E: IntoError> Outcome for std::result::Result<T, E> {
    fn into_exit(self) -> Result<Exit> {
        self.map(IntoExit::into_exit).map_err(IntoError::into_error)
    }
}

/// An error type of a command's `Result`: anything that anyhow accepts.
#[diagnostic::on_unimplemented(
    message = "a command's error is a `std::error::Error`, not a `{Self}`",
    label = "write `Result<()>` (from `manage::prelude`), and `bail!(…)` for an error that is a text"
)]
pub trait IntoError {
    /// Returns the error as the program reports it.
    fn into_error(self) -> anyhow::Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<anyhow::Error>> IntoError for E {
    fn into_error(self) -> anyhow::Error {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_that_ended_has_the_code_that_a_shell_gives_it() {
        let ended = |script: &str| {
            let status = std::process::Command::new("sh").args(["-c", script]).status();
            Exit::from(status.expect("sh runs"))
        };
        assert_eq!(ended("exit 0"), Exit::SUCCESS);
        assert_eq!(ended("exit 75"), Exit::BUSY);
        assert_eq!(ended("kill -TERM $$"), Exit::TERMINATED);
        assert_eq!(ended("kill -KILL $$"), Exit(137));
    }
}
