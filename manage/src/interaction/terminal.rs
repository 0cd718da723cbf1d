//! Prompts on the process's own terminal.

use std::io;
use std::sync::mpsc;

use console::Term;

use crate::cancellation::{Cancelled, StopSignal};
use crate::command::Context;
use crate::error::{CommandError, Result};

/// The first event: an answer, or a signal.
enum Said<T> {
    Answer(io::Result<T>),
    Stop(StopSignal),
}

/// Prompts on a separate thread, so that a signal can interrupt the prompt. Restores the terminal afterwards.
pub(super) fn ask<T: Send + 'static>(
    cx: &Context,
    question: &str,
    work: impl FnOnce(&Term) -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, said) = mpsc::channel();
    let stop = sender.clone();
    let reported = cx.cancellation().on_cancel(move |signal| drop(stop.send(Said::Stop(signal))));
    let terminal = Terminal::quiet();
    let spawned = std::thread::Builder::new()
        .name("manage-prompt".to_owned())
        .spawn(move || drop(sender.send(Said::Answer(work(&Term::stderr())))));
    let first = spawned.map(|_| said.recv());
    drop(reported);
    terminal.restore();
    match first? {
        Ok(Said::Answer(Ok(answer))) => Ok(answer),
        Ok(Said::Stop(signal)) => {
            leave_the_line();
            Err(Cancelled { signal }.into())
        }
        Ok(Said::Answer(Err(error))) => {
            leave_the_line();
            Err(match error.kind() {
                io::ErrorKind::Interrupted => Cancelled { signal: StopSignal::Interrupt }.into(),
                _ if is_gone(&error) => {
                    CommandError::new(format!("The terminal was closed before “{question}” was answered."))
                        .into()
                }
                _ => anyhow::Error::from(error).context(format!("Cannot prompt for “{question}”.")),
            })
        }
        Err(_) => Err(CommandError::new(format!("Cannot prompt for “{question}”.")).into()),
    }
}

/// Returns whether the terminal was closed: then reads return the end of the input, and writes fail.
fn is_gone(error: &io::Error) -> bool {
    #[cfg(unix)]
    if [rustix::io::Errno::IO, rustix::io::Errno::NXIO]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
    {
        return true;
    }
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected | io::ErrorKind::BrokenPipe
    )
}

fn leave_the_line() {
    let terminal = Term::stderr();
    let _ = terminal.show_cursor();
    let _ = terminal.write_line("");
}

/// The original modes of the terminal.
struct Terminal {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Terminal {
    /// Turns off the terminal's echo while the editor reads keys: between two of them a pasted password would
    /// be visible.
    fn quiet() -> Self {
        #[cfg(unix)]
        {
            use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

            let modes = tcgetattr(io::stdin()).ok();
            if let Some(modes) = &modes {
                let mut quiet = modes.clone();
                quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, &quiet);
            }
            Self { modes }
        }
        #[cfg(not(unix))]
        Self {}
    }

    fn restore(&self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
    }
}
