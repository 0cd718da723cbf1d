//! Everything that a running command can use.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::{Invocation, Program};
use crate::cancellation::{Cancellation, StopSignal};
use crate::console::{Input, Role, Stream};
use crate::error::{CommandError, Result};
use crate::profile;
use crate::settings::{Settings, SettingsError, Source, within};

/// How long the thread that reads the settings has to report its error.
const REPORT_LIMIT: Duration = Duration::from_millis(500);

/// Everything that a running command can use: output, settings and databases. Nothing is read or opened
/// before it is needed.
///
/// ```
/// use manage::prelude::*;
///
/// fn publish(cx: &Context, slugs: &[String]) -> Result<()> {
///     let mut connection = cx.connect()?;
///     for slug in slugs {
///         cx.check_cancelled()?;
///         // … Diesel's query DSL …
///         # let _ = &mut connection;
///         cx.line(slug)?;
///     }
///     cx.success(format_args!("Published {} articles.", slugs.len()))
/// }
/// ```
pub struct Context {
    pub(crate) invocation: Invocation,
    settings: OnceCell<Result<Settings, SettingsError>>,
    /// What other modules keep for the command's time, one value of each type.
    kept: RefCell<Vec<Arc<dyn Any + Send + Sync>>>,
}

impl Context {
    pub(crate) fn new(mut invocation: Invocation) -> Self {
        let settings = invocation.settings.take().map(OnceCell::from).unwrap_or_default();
        Self { invocation, settings, kept: RefCell::default() }
    }

    /// Returns the value of a type that is kept for as long as the command runs; the first call makes it.
    pub(crate) fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.kept.borrow_mut();
        if let Some(value) = kept.iter().find_map(|value| Arc::clone(value).downcast().ok()) {
            return value;
        }
        let value = Arc::<T>::default();
        kept.push(Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        value
    }

    // --- Input and output ---

    /// Returns what the command reads: stdin, or what the caller replaced it with.
    pub fn stdin(&self) -> &Input {
        &self.invocation.stdin
    }

    /// Writes a line to stdout.
    ///
    /// # Errors
    ///
    /// An [`io::Error`](std::io::Error). If the reader of a pipe has closed it, `?` ends the program with 141
    /// and without a message. This also applies to the four methods below.
    pub fn line(&self, text: impl Display) -> Result<()> {
        Ok(self.invocation.output.out.line(text)?)
    }

    /// Writes a line to stdout in the SUCCESS style.
    pub fn success(&self, text: impl Display) -> Result<()> {
        Ok(self.invocation.output.out.styled_line(Role::Success, text)?)
    }

    /// Writes a line to stdout in the NOTICE style.
    pub fn notice(&self, text: impl Display) -> Result<()> {
        Ok(self.invocation.output.out.styled_line(Role::Notice, text)?)
    }

    /// Writes a line to stderr in the WARNING style.
    pub fn warning(&self, text: impl Display) -> Result<()> {
        Ok(self.invocation.output.err.styled_line(Role::Warning, text)?)
    }

    /// Writes a line to stderr in the ERROR style. The command continues; to end it, return an error.
    pub fn error(&self, text: impl Display) -> Result<()> {
        Ok(self.invocation.output.err.styled_line(Role::Error, text)?)
    }

    /// Returns the stream for output: stdout, or what the caller replaced it with. It is an `io::Write`,
    /// which [`Stream`] describes.
    pub fn out(&self) -> &Stream {
        &self.invocation.output.out
    }

    /// Returns the stream for errors, logs and progress: stderr, or what the caller replaced it with. It is
    /// an `io::Write`, too.
    pub fn err(&self) -> &Stream {
        &self.invocation.output.err
    }

    /// Returns the verbosity level: 0 = minimal, 1 = normal, 2 = verbose, 3 = very verbose.
    pub fn verbosity(&self) -> u8 {
        self.invocation.verbosity
    }

    /// Returns whether `--skip-checks` is set.
    pub(crate) fn skips_checks(&self) -> bool {
        self.invocation.skips_checks
    }

    // --- Cancellation ---

    /// Returns the handle that reports whether SIGINT or SIGTERM arrived. It is cheap to clone, and threads
    /// and tasks can keep it.
    ///
    /// The first use of this or a method below takes over the signals: the first signal then no longer ends
    /// the program, so that the command can shut down gracefully. Further signals within a second count as
    /// the same request; a later one ends the program at once. If a cancelled command returns `Ok`, the
    /// program exits with 130 or 143.
    pub fn cancellation(&self) -> Cancellation {
        self.invocation.program.cancellation()
    }

    /// Returns whether the command was cancelled. Call it between two pieces of work, and return if it was.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation().is_cancelled()
    }

    /// Fails if the command was cancelled: `cx.check_cancelled()?` ends the program with 130 or 143. The
    /// error is a [`Cancelled`](crate::Cancelled).
    pub fn check_cancelled(&self) -> Result<()> {
        Ok(self.cancellation().check()?)
    }

    /// Waits, in an async command, until it is cancelled. The call itself takes over the signals, before it
    /// is awaited.
    pub fn cancelled(&self) -> impl Future<Output = StopSignal> + Send + use<> {
        self.cancellation().cancelled()
    }

    // --- Settings and databases ---

    /// Returns the program that the command is part of.
    pub fn program(&self) -> &Program {
        &self.invocation.program
    }

    /// Returns the settings, which are read at the first use.
    ///
    /// # Errors
    ///
    /// If they cannot be read, a [`CommandError`] with the exit code 78. Every later call returns the same
    /// error: they are not read again.
    pub fn settings(&self) -> Result<&Settings> {
        self.try_settings().map_err(|error| CommandError::from(error.clone()).into())
    }

    pub(crate) fn try_settings(&self) -> Result<&Settings, &SettingsError> {
        let load = || profile::time(profile::Part::Settings, || Settings::load(&self.invocation.source));
        self.settings.get_or_init(load).as_ref()
    }

    /// Reads the settings within a time limit. A read from a hanging file system cannot be interrupted, so it
    /// happens on a thread, which is abandoned on timeout.
    pub(crate) fn read_settings_within(&self, limit: Duration) {
        if self.settings.get().is_some() {
            return;
        }
        let start = Instant::now();
        let (sender, receiver) = mpsc::channel();
        let source = self.invocation.source.clone();
        let read = move || {
            let _ = sender.send(within(start, limit, || Settings::load(&source)));
        };
        let started = std::thread::Builder::new().name("manage-settings".to_owned()).spawn(read);
        // Reading a named pipe has its own time limit, and its error names the pipe.
        let until = limit.saturating_add(REPORT_LIMIT);
        let received = profile::time(profile::Part::Settings, || receiver.recv_timeout(until));
        // If the thread cannot be started, or panicked, the settings are read at the first use.
        if let (Ok(_), Err(RecvTimeoutError::Timeout)) = (&started, &received) {
            let message = format!("Reading the settings took longer than {} seconds.", limit.as_secs_f64());
            let hint =
                "A file system that does not respond, such as a network file system, may be the reason.";
            let _ = self.settings.set(Err(SettingsError::new(message).hint(hint).timed_out()));
        }
        if let Ok(settings) = received {
            let _ = self.settings.set(settings);
        }
    }

    /// Returns the settings if they have been read.
    pub(crate) fn settings_read(&self) -> Option<&Result<Settings, SettingsError>> {
        self.settings.get()
    }

    /// Returns the sources of the settings.
    pub(crate) fn source(&self) -> &Source {
        &self.invocation.source
    }

    /// Returns whether this is the production environment: `MANAGE_ENV=production`. Fails if
    /// [`Context::settings`] does.
    pub fn is_production(&self) -> Result<bool> {
        Ok(self.settings()?.is_production())
    }
}
