//! The program that takes this one's place, as in `wait_for_db -- CMD`.

use std::ffi::OsString;
use std::process::Command;

use super::Context;
use crate::console::echo;
use crate::error::{CommandError, Exit, Result};

impl Context {
    /// Rejects `-- CMD` of a command that was called from code. Call it before the command's work.
    pub(crate) fn check_successor(&self, command: &str, words: &[OsString]) -> Result<()> {
        if words.is_empty() || self.invocation.owns_process {
            return Ok(());
        }
        Err(CommandError::new(format!(
            "{command} cannot exec another program when it is called from code: that would end its caller."
        ))
        .hint("Call it without `-- CMD`, and run that program when it has returned.")
        .into())
    }
}

/// Replaces this process by `words`, if there are any and `exit` is success, so that signals reach that
/// program. Returns only if that is not so, or failed.
pub(crate) fn succeeded_by(words: &[OsString], exit: Exit) -> Result<Exit> {
    let ([program, arguments @ ..], Exit::SUCCESS) = (words, exit) else {
        return Ok(exit);
    };
    replace(Command::new(program).args(arguments)).map_err(|error| {
        // The exit codes of a shell.
        let code: u8 = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
        CommandError::new(format!("Cannot run {}: {error}", echo(program))).exit_code(code).into()
    })
}

#[cfg(unix)]
fn replace(command: &mut Command) -> std::io::Result<Exit> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> std::io::Result<Exit> {
    command.status().map(Exit::from)
}
