//! The process that replies to a shell. Only the reply may appear at the prompt, and the user must not have
//! to wait long.

use std::time::Duration;

use super::log;
use super::request::{COMMAND, set_quiet_hook};
use crate::console::Output;
use crate::settings::Environment;

/// The time limit of all functions of a project together.
const LIMIT: Duration = Duration::from_secs(2);

/// Prepares the process for a completion request, and returns the output for the reply.
pub(crate) fn be_quiet() -> Output {
    set_quiet_hook();
    std::thread::spawn(|| {
        std::thread::sleep(LIMIT);
        give_up();
    });
    own_stdout().unwrap_or_else(Output::standard)
}

/// Ends the process without a reply, which is better than a hanging prompt.
#[expect(clippy::disallowed_methods, reason = "a function that hangs cannot be interrupted")]
fn give_up() {
    let message = format!("no values after {} s: the function takes too long", LIMIT.as_secs());
    let command = COMMAND.lock().map(|command| command.clone()).unwrap_or_default();
    log::note(&Environment::process(), &command, &message);
    std::process::exit(0);
}

/// Redirects stdout and stderr, to discard output of a project's function or of a library.
#[cfg(unix)]
fn own_stdout() -> Option<Output> {
    use std::fs::File;

    // A child process must not inherit the pipe: the shell would wait until it is closed.
    let ours = File::from(rustix::io::fcntl_dupfd_cloexec(std::io::stdout(), 3).ok()?);
    let nowhere = File::options().write(true).open("/dev/null").ok()?;
    rustix::stdio::dup2_stdout(&nowhere).ok()?;
    rustix::stdio::dup2_stderr(&nowhere).ok()?;
    Some(Output::new(ours, std::io::sink()))
}

#[cfg(not(unix))]
fn own_stdout() -> Option<Output> {
    None
}
