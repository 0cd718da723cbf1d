//! The streams that commands write to, and whether they show colours.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::palette::COLORS_VARIABLE;
use super::{Palette, Role};

/// Whether to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal that can show them, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// `--force-color`: also into a file or a pipe.
    Always,
    /// `--no-color`.
    Never,
}

/// The longest line that is easy to read, and what clap takes where there is no terminal.
const WIDTH: usize = 100;

/// A stream of text: stdout, stderr, or whatever a caller puts in their place. Clones write to the same place.
#[derive(Clone)]
pub struct Stream {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    palette: Option<Arc<Palette>>,
    terminal: bool,
    /// What `COLUMNS` says.
    told_columns: Option<usize>,
}

impl Stream {
    /// A stream over a writer of the caller's, without colours.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let writer: Box<dyn Write + Send> = Box::new(writer);
        Self { writer: Arc::new(Mutex::new(writer)), palette: None, terminal: false, told_columns: None }
    }

    fn standard(writer: impl Write + Send + IsTerminal + 'static) -> Self {
        let terminal = writer.is_terminal();
        Self { terminal, ..Self::new(writer) }
    }

    /// Whether a person is looking at it.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether styled text is shown with colours.
    pub fn has_colors(&self) -> bool {
        self.palette.is_some()
    }

    /// How many columns a text for people should take: those of the terminal, up to 100, which is also it where there is none.
    pub(crate) fn width(&self) -> usize {
        self.columns().map_or(WIDTH, |width| width.min(WIDTH))
    }

    /// The columns that `COLUMNS` names; else those of the terminal, if it is one and knows them.
    pub(crate) fn columns(&self) -> Option<usize> {
        let columns = || {
            let size = terminal_size::terminal_size_of(io::stdout());
            size.or_else(|| terminal_size::terminal_size_of(io::stderr()))
        };
        // A terminal that does not know its size says 0.
        let width = self.terminal.then(columns).flatten().map(|(width, _)| usize::from(width.0));
        self.told_columns.or(width.filter(|width| *width > 0))
    }

    /// The text in the style of a role; as it is where the stream shows no colours.
    pub fn style(&self, role: Role, text: impl Display) -> String {
        match &self.palette {
            // Escape sequences around nothing would still be printed.
            Some(palette) => match text.to_string() {
                text if text.is_empty() => text,
                text => palette.paint(role, &text),
            },
            None => text.to_string(),
        }
    }

    /// Writes a text and ends it with one newline, also when it has one.
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

    /// Writes a text as it is, at once: a container's log shows it while the command goes on.
    pub fn print(&self, text: impl Display) -> io::Result<()> {
        self.beside_progress(|writer| write!(writer, "{text}").and_then(|()| writer.flush()))
    }

    /// Writes bytes as they are.
    pub fn write_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        self.beside_progress(|writer| writer.write_all(bytes))
    }

    /// Writes while no progress bar is in the way.
    fn beside_progress(
        &self,
        write: impl FnOnce(&mut Box<dyn Write + Send>) -> io::Result<()>,
    ) -> io::Result<()> {
        let write = || write(&mut self.lock());
        #[cfg(feature = "terminal")]
        if self.terminal {
            return super::progress::beside(write).map_err(ReaderGone::mark);
        }
        write().map_err(ReaderGone::mark)
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        // A writer that panicked in another thread is still the only one there is.
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

/// The mark of an error of these streams, to tell it from a broken pipe of a command's own work.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl ReaderGone {
    fn mark(error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::BrokenPipe { io::Error::new(error.kind(), Self) } else { error }
    }

    /// Whether an error came about because nobody reads the output any more.
    pub(crate) fn is_cause(error: &(dyn std::error::Error + 'static)) -> bool {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<Self>())
    }
}

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of the output has gone")
    }
}

impl std::error::Error for ReaderGone {}

/// What a command says, and what went wrong: stdout and stderr.
#[derive(Clone, Debug)]
pub struct Output {
    /// What the command says.
    pub out: Stream,
    /// Trouble, logs and progress.
    pub err: Stream,
    /// Whether these are the process's own streams.
    standard: bool,
}

impl Output {
    /// The process's own streams.
    pub fn standard() -> Self {
        Self { out: Stream::standard(io::stdout()), err: Stream::standard(io::stderr()), standard: true }
    }

    /// Streams of the caller's choice.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self { out: Stream::new(out), err: Stream::new(err), standard: false }
    }

    /// The same with another stream in the place of one or both.
    pub(crate) fn with_streams(&self, out: Option<Stream>, err: Option<Stream>) -> Self {
        let standard = self.standard && out.is_none() && err.is_none();
        Self {
            out: out.unwrap_or_else(|| self.out.clone()),
            err: err.unwrap_or_else(|| self.err.clone()),
            standard,
        }
    }

    /// Decides for each stream whether it shows colours, and how wide it is. `variable` reads the environment.
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
            stream.told_columns = columns;
            stream.palette = allowed.unwrap_or(stream.terminal).then(|| {
                Arc::new(variable(COLORS_VARIABLE).map_or_else(Palette::dark, |text| Palette::parse(&text)))
            });
        }
        self.follow_colors();
    }

    /// A command that uses `colored` by itself follows the same rules on stdout.
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
