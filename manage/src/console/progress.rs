//! Progress bars and spinners.

use std::borrow::Cow;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar or a spinner on stderr, if that is a terminal. It disappears when this value is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    shown: bool,
}

const BAR: &str = "{msg} {bar:30} {pos}/{len} ({eta})";
const SPINNER: &str = "{spinner} {msg} ({elapsed})";
const BYTES_BAR: &str = "{msg} {bar:30} {binary_bytes}/{binary_total_bytes} ({binary_bytes_per_sec}, {eta})";
const BYTES_SPINNER: &str = "{spinner} {msg} {binary_bytes} ({binary_bytes_per_sec}, {elapsed})";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// All visible bars: other lines are printed above them.
static DRAWN: OnceLock<MultiProgress> = OnceLock::new();

impl Progress {
    /// Creates a bar up to a known length.
    pub(crate) fn bar(shown: bool, length: u64) -> Self {
        Self::new(shown, Some(length), BAR)
    }

    /// Creates a spinner for work of unknown length.
    pub(crate) fn spinner(shown: bool) -> Self {
        let spinner = Self::new(shown, None, SPINNER);
        if shown {
            spinner.bar.enable_steady_tick(Duration::from_millis(100));
        }
        spinner
    }

    fn new(shown: bool, length: Option<u64>, template: &str) -> Self {
        if !shown {
            return Self { bar: ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden()), shown };
        }
        let bar = match length {
            Some(length) => ProgressBar::new(length),
            None => ProgressBar::new_spinner(),
        };
        let drawn = DRAWN.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { bar: drawn.add(bar.with_style(style(template))), shown }
    }

    /// Displays the progress in bytes, as KiB, MiB and so on, with the rate per second.
    ///
    /// ```
    /// # use manage::prelude::*;
    /// # fn download(cx: &mut Context) -> Result<()> {
    /// let progress = cx.progress(3 * 1024 * 1024).bytes();
    /// progress.advance(1024 * 1024); // 1.00 MiB/3.00 MiB (512.00 KiB/s, 4s)
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn bytes(self) -> Self {
        if self.shown {
            self.bar.set_style(style(if self.bar.length().is_some() { BYTES_BAR } else { BYTES_SPINNER }));
        }
        self
    }

    /// Sets the message.
    pub fn message(&self, text: impl Into<Cow<'static, str>>) {
        self.bar.set_message(text);
    }

    /// Advances the progress by a number of steps.
    pub fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Sets the total number of completed steps.
    pub fn set(&self, position: u64) {
        self.bar.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Writes to the terminal while the bars are hidden.
pub(super) fn beside<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match DRAWN.get() {
        Some(drawn) => drawn.suspend(write),
        None => write(),
    }
}
