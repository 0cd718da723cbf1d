//! Prompts and progress of a command.

#[cfg(feature = "terminal")]
use std::borrow::Cow;

#[cfg(feature = "terminal")]
use super::Prompt;
use crate::command::Context;
#[cfg(feature = "terminal")]
use crate::console::Progress;
#[cfg(feature = "terminal")]
use crate::error::Result;

impl Context {
    /// Returns whether the user can be prompted: at a terminal, and without `--noinput`.
    pub fn can_ask(&self) -> bool {
        let here = cfg!(feature = "terminal") && !self.invocation.no_input;
        // A replacement input may simulate a terminal. For the process's own, both stdin and stderr must be
        // one.
        here && self.stdin().is_terminal() && (!self.stdin().is_standard() || self.err().is_terminal())
    }

    /// Returns whether `--noinput` is set.
    pub fn takes_no_input(&self) -> bool {
        self.invocation.no_input
    }

    /// Creates a prompt for the user. It is displayed when its answer is requested.
    #[cfg(feature = "terminal")]
    pub fn prompt(&self, question: impl Into<String>) -> Prompt<'_> {
        Prompt::new(self, question)
    }

    /// Prompts for yes or no. Enter alone means no.
    ///
    /// # Errors
    ///
    /// With `--noinput` it fails, as does every [`Prompt`] without a default. To get `false` instead, call
    /// `cx.prompt(…).default("no").confirm()`.
    #[cfg(feature = "terminal")]
    pub fn confirm(&self, question: impl Into<String>) -> Result<bool> {
        self.prompt(question).confirm()
    }

    /// Creates a progress bar on stderr up to this length. Nothing is shown without a terminal, or with
    /// `-v 0`.
    #[cfg(feature = "terminal")]
    pub fn progress(&self, length: u64) -> Progress {
        Progress::bar(self.shows_progress(), length)
    }

    /// Creates a spinner on stderr, for work of unknown length.
    #[cfg(feature = "terminal")]
    pub fn spinner(&self, message: impl Into<Cow<'static, str>>) -> Progress {
        let spinner = Progress::spinner(self.shows_progress());
        spinner.message(message);
        spinner
    }

    #[cfg(feature = "terminal")]
    fn shows_progress(&self) -> bool {
        self.err().is_terminal() && self.verbosity() > 0
    }
}
