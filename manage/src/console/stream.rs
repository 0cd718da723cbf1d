//! The output streams of commands, and whether they show colours.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::palette::COLORS_VARIABLE;
use super::writer::BrokenOutput;
use super::{Palette, Role};

/// Whether to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ColorChoice {
    /// On a terminal that can show them, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always, even to a file or a pipe: `--force-color`.
    Always,
    /// Never: `--no-color`.
    Never,
}

/// The maximum line width for readable text, and clap's default without a terminal.
const WIDTH: usize = 100;

/// An output stream: stdout, stderr, or a replacement from a caller. Clones share the destination.
///
/// It is an [`io::Write`], as is a reference to it, for libraries that take one:
///
/// ```
/// use std::io::Write;
///
/// use manage::prelude::*;
///
/// # #[derive(serde::Serialize)]
/// # struct Article { slug: &'static str, views: u32 }
/// fn export(cx: &Context, articles: &[Article]) -> Result<()> {
///     let mut rows = csv::Writer::from_writer(cx.out());
///     for article in articles {
///         rows.serialize(article)?;
///     }
///     rows.flush()?;
///     serde_json::to_writer_pretty(cx.err(), articles)?;
///     writeln!(cx.err())?;
///     Ok(())
/// }
/// # #[cfg(feature = "testing")]
/// # {
/// # let articles = [Article { slug: "hello", views: 3 }];
/// # let project = manage::testing::Project::new(manage::Program::new(&[]));
/// # let called = project.call(|cx| export(cx, &articles));
/// # assert_eq!(called.transcript.stdout, "slug,views\nhello,3\n");
/// # assert!(called.transcript.stderr.ends_with("}\n]\n"));
/// # }
/// ```
///
/// - Each write is passed on at once, under a lock that threads share. For many small writes, wrap it in an
///   [`io::BufWriter`], and call [`flush`](io::Write::flush) on it: dropping a buffer loses its last error.
/// - `write!` and `writeln!` write their text as a whole, so output of several threads is not mixed.
/// - Bytes are written unchanged, including escape sequences. If people read the output, pass untrusted text
///   through [`printable`](super::printable()) first.
/// - If the reader of a pipe closes it, `?` ends the command with 141 and without a message, as with
///   `cx.line`.
#[derive(Clone)]
pub struct Stream {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    palette: Option<Arc<Palette>>,
    terminal: bool,
    /// The value of the variable `COLUMNS`.
    columns_variable: Option<usize>,
}

impl Stream {
    /// Creates a stream over the caller's writer, without colours.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let writer: Box<dyn Write + Send> = Box::new(writer);
        Self { writer: Arc::new(Mutex::new(writer)), palette: None, terminal: false, columns_variable: None }
    }

    fn standard(writer: impl Write + Send + IsTerminal + 'static) -> Self {
        let terminal = writer.is_terminal();
        Self { terminal, ..Self::new(writer) }
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Returns whether styled text is shown in colour.
    pub fn has_colors(&self) -> bool {
        self.palette.is_some()
    }

    /// Returns the width for text: that of the terminal, up to 100, or 100 without a terminal.
    pub(crate) fn width(&self) -> usize {
        self.columns().map_or(WIDTH, |width| width.min(WIDTH))
    }

    /// Returns the columns of `COLUMNS`, or else those of the terminal, if known.
    pub(crate) fn columns(&self) -> Option<usize> {
        let columns = || {
            let size = terminal_size::terminal_size_of(io::stdout());
            size.or_else(|| terminal_size::terminal_size_of(io::stderr()))
        };
        // A terminal that does not know its size reports 0.
        let width = self.terminal.then(columns).flatten().map(|(width, _)| usize::from(width.0));
        self.columns_variable.or(width.filter(|width| *width > 0))
    }

    /// Returns the text in the style of a role, or unchanged if the stream shows no colours.
    pub fn style(&self, role: Role, text: impl Display) -> String {
        match &self.palette {
            // Without text, the escape sequences would still be printed.
            Some(palette) => match text.to_string() {
                text if text.is_empty() => text,
                text => palette.paint(role, &text),
            },
            None => text.to_string(),
        }
    }

    /// Writes a text that ends with exactly one newline.
    pub fn line(&self, text: impl Display) -> io::Result<()> {
        let mut text = text.to_string();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.print(&text)
    }

    /// Writes a line in the style of a role.
    pub fn styled_line(&self, role: Role, text: impl Display) -> io::Result<()> {
        let text = text.to_string();
        self.line(self.style(role, text.strip_suffix('\n').unwrap_or(&text)))
    }

    /// Writes a text unchanged and flushes it, so that a container's log shows it at once.
    pub fn print(&self, text: impl Display) -> io::Result<()> {
        self.beside_progress(|writer| write!(writer, "{text}").and_then(|()| writer.flush()))
    }

    /// Writes while the progress bars are hidden.
    pub(super) fn beside_progress<T>(
        &self,
        write: impl FnOnce(&mut Box<dyn Write + Send>) -> io::Result<T>,
    ) -> io::Result<T> {
        let write = || write(&mut self.lock());
        #[cfg(feature = "terminal")]
        if self.terminal {
            return super::progress::beside(write).map_err(BrokenOutput::mark);
        }
        write().map_err(BrokenOutput::mark)
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        // If a writer panicked in another thread, the stream can still be used.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("terminal", &self.terminal)
            .field("colors", &self.has_colors())
            .finish()
    }
}

/// The two streams of a command: stdout and stderr.
#[derive(Clone, Debug)]
pub struct Output {
    /// Output of the command.
    pub out: Stream,
    /// Errors, logs and progress.
    pub err: Stream,
    /// Whether these are the process's own streams.
    standard: bool,
}

impl Output {
    /// Returns the process's own streams.
    pub fn standard() -> Self {
        Self { out: Stream::standard(io::stdout()), err: Stream::standard(io::stderr()), standard: true }
    }

    /// Creates it from streams of the caller's choice.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self { out: Stream::new(out), err: Stream::new(err), standard: false }
    }

    /// Returns the same output with one or both streams replaced.
    pub(crate) fn with_streams(&self, out: Option<Stream>, err: Option<Stream>) -> Self {
        let standard = self.standard && out.is_none() && err.is_none();
        Self {
            out: out.unwrap_or_else(|| self.out.clone()),
            err: err.unwrap_or_else(|| self.err.clone()),
            standard,
        }
    }

    /// Determines for each stream whether it shows colours, and its width. `variable` reads the environment.
    pub(crate) fn adapt(&mut self, choice: ColorChoice, variable: impl Fn(&str) -> Option<String>) {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let allowed = match choice {
            ColorChoice::Always => Some(true),
            ColorChoice::Never => Some(false),
            ColorChoice::Auto if set("NO_COLOR") => Some(false),
            ColorChoice::Auto if set("FORCE_COLOR") && variable("FORCE_COLOR").as_deref() != Some("0") => {
                Some(true)
            }
            ColorChoice::Auto if variable("TERM").as_deref() == Some("dumb") => Some(false),
            ColorChoice::Auto => None,
        };
        let columns = variable("COLUMNS").and_then(|text| text.parse().ok()).filter(|columns| *columns > 0);
        for stream in [&mut self.out, &mut self.err] {
            stream.columns_variable = columns;
            stream.palette = allowed.unwrap_or(stream.terminal).then(|| {
                Arc::new(variable(COLORS_VARIABLE).map_or_else(Palette::dark, |text| Palette::parse(&text)))
            });
        }
        self.follow_colors();
    }

    /// Applies the same rules on stdout to a command that uses `colored` directly.
    pub(crate) fn follow_colors(&self) {
        if self.standard {
            colored::control::set_override(self.out.has_colors());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn a_line_ends_with_exactly_one_newline() {
        let buffer = Buffer::default();
        let stream = Stream::new(buffer.clone());
        stream.line("one").unwrap();
        stream.line("two\n").unwrap();
        stream.styled_line(Role::Success, "three\n").unwrap();
        assert_eq!(buffer.text(), "one\ntwo\nthree\n");
    }

    fn colors(choice: ColorChoice, variables: &[(&str, &str)]) -> bool {
        let mut output = Output::new(io::sink(), io::sink());
        output.out.terminal = true;
        output.adapt(choice, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        output.out.has_colors()
    }

    #[test]
    fn flags_are_stronger_than_variables_and_these_than_the_terminal() {
        assert!(colors(ColorChoice::Auto, &[]));
        assert!(!colors(ColorChoice::Auto, &[("NO_COLOR", "1")]));
        assert!(colors(ColorChoice::Auto, &[("NO_COLOR", "")]));
        assert!(colors(ColorChoice::Always, &[("NO_COLOR", "1")]));
        assert!(!colors(ColorChoice::Never, &[("FORCE_COLOR", "1")]));
        assert!(!colors(ColorChoice::Auto, &[("TERM", "dumb")]));
    }
}
