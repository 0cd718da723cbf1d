//! Questions on the process's own terminal, asked by dialoguer.

use std::io;
use std::sync::mpsc;

use crate::{Cancelled, CommandError, Context, Result, StopSignal};

/// What comes first: an answer, or a signal.
enum Said<T> {
    Answer(dialoguer::Result<T>),
    Stop(StopSignal),
}

/// Asks on a thread of its own, so that a signal can end the wait for an answer. The terminal is then as it was before.
pub(super) fn ask<T: Send + 'static>(
    cx: &Context,
    question: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> Result<T> {
    let terminal = Terminal::now();
    let (sender, said) = mpsc::channel();
    let stop = sender.clone();
    let told = cx.cancellation().on_cancel(move |signal| drop(stop.send(Said::Stop(signal))));
    std::thread::Builder::new()
        .name("manage-prompt".to_owned())
        .spawn(move || drop(sender.send(Said::Answer(question()))))?;
    let first = said.recv();
    drop(told);
    match first {
        Ok(Said::Answer(Ok(answer))) => Ok(answer),
        Ok(Said::Stop(signal)) => {
            terminal.restore();
            Err(Cancelled { signal }.into())
        }
        Ok(Said::Answer(Err(dialoguer::Error::IO(error)))) => {
            terminal.restore();
            Err(match error.kind() {
                io::ErrorKind::Interrupted => Cancelled { signal: StopSignal::Interrupt }.into(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => {
                    CommandError::new("The terminal was closed before the question was answered.").into()
                }
                _ => anyhow::Error::from(error).context("The question could not be asked."),
            })
        }
        Err(_) => Err(CommandError::new("The question could not be asked.").into()),
    }
}

/// How the terminal was set up.
struct Terminal {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Terminal {
    fn now() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    fn restore(&self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
        let terminal = console::Term::stderr();
        let _ = terminal.show_cursor();
        let _ = terminal.write_line("");
    }
}
