//! What a command asks and shows.

#[cfg(feature = "terminal")]
use std::borrow::Cow;

use crate::Context;
#[cfg(feature = "terminal")]
use crate::{Prompt, Result, console::Progress};

impl Context {
    /// Whether there is a person at a terminal who may be asked something: never with `--noinput`.
    pub fn can_ask(&self) -> bool {
        let here = cfg!(feature = "terminal") && !self.no_input;
        // A given input may stand for a person; of the process's own, both ends must be a terminal.
        here && self.stdin().is_terminal() && (!self.stdin().is_standard() || self.err().is_terminal())
    }

    /// Whether the person asked for no questions, with `--noinput`.
    pub fn takes_no_input(&self) -> bool {
        self.no_input
    }

    /// A question to the person who runs the command. It is asked when its answer is asked for.
    #[cfg(feature = "terminal")]
    pub fn prompt(&self, question: impl Into<String>) -> Prompt<'_> {
        Prompt::new(self, question)
    }

    /// Asks for yes or no. Somebody who just presses Enter says no.
    #[cfg(feature = "terminal")]
    pub fn confirm(&self, question: impl Into<String>) -> Result<bool> {
        self.prompt(question).confirm()
    }

    /// A progress bar on stderr up to this length; nothing is shown where there is no terminal, or with `-v 0`.
    #[cfg(feature = "terminal")]
    pub fn progress(&self, length: u64) -> Progress {
        Progress::bar(self.shows_progress(), length)
    }

    /// A spinner on stderr, for work whose end is not known.
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
