//! A process that answers a shell: nothing but the answer may show at the prompt, and it may not keep a person waiting.

use std::time::Duration;

use super::log;
use super::request::{COMMAND, set_quiet_hook};
use crate::console::Output;
use crate::settings::Environment;

/// How long the functions of a project may take together.
const LIMIT: Duration = Duration::from_secs(2);

/// Makes the process fit for a question, and says where the answer goes.
pub(crate) fn be_quiet() -> Output {
    set_quiet_hook();
    std::thread::spawn(|| {
        std::thread::sleep(LIMIT);
        give_up();
    });
    own_stdout().unwrap_or_else(Output::standard)
}

/// No answer is better than a prompt that hangs.
#[expect(clippy::disallowed_methods, reason = "what hangs cannot be asked to return")]
fn give_up() {
    let message = format!("no values after {} s: what names them takes too long", LIMIT.as_secs());
    let command = COMMAND.lock().map(|command| command.clone()).unwrap_or_default();
    log::note(&Environment::process(), &command, &message);
    std::process::exit(0);
}

/// Takes stdout and stderr away from what a function of the project's, or a library that it uses, may print.
#[cfg(unix)]
fn own_stdout() -> Option<Output> {
    use std::fs::File;

    // What a function starts must not keep the shell waiting for the pipe's end.
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
