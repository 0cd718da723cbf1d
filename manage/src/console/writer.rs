//! A stream as an `io::Write`, and the marker of a broken pipe.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use super::Stream;

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.beside_progress(|writer| writer.write(bytes))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.beside_progress(|writer| writer.write_all(bytes))
    }

    // A `Display` may itself write to this stream, so the text is formatted before the lock is taken.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        let mut formatted = String::new();
        fmt::write(&mut formatted, text).map_err(io::Error::other)?;
        self.write_all(formatted.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.beside_progress(|writer| writer.flush())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self).write_all(bytes)
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        (&*self).write_fmt(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

/// Marks a broken pipe of these streams, to distinguish it from a broken pipe in a command's own work.
#[derive(Debug)]
pub(crate) struct BrokenOutput(Mark);

/// The message of the error.
const TEXT: &str = "broken pipe: the reader of the output has closed it";

/// The source of [`BrokenOutput`]. Some libraries' errors, such as serde_json's, do not expose the
/// `io::Error` that they wrap, but only its source.
#[derive(Debug)]
struct Mark;

impl BrokenOutput {
    pub(super) fn mark(error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => io::Error::new(error.kind(), Self(Mark)),
            _ => error,
        }
    }

    /// Returns whether an error was caused by a broken pipe of the output. csv's errors have no source, but
    /// display the `io::Error` that they wrap.
    pub(crate) fn is_cause(error: &(dyn Error + 'static)) -> bool {
        error.is::<Mark>() || error.to_string() == TEXT
    }
}

impl fmt::Display for BrokenOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TEXT)
    }
}

impl Error for BrokenOutput {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Mark {}
