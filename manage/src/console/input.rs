//! What a command reads: stdin, or a replacement.

use std::fmt;
use std::io::{self, BufRead, Cursor, IsTerminal, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A text input: stdin, or a replacement from a caller. Clones share the source.
#[derive(Clone)]
pub struct Input {
    source: Source,
    /// Whether it is a terminal. `None` for the process's own stdin: the operating system is queried on
    /// demand.
    terminal: Option<bool>,
}

#[derive(Clone)]
enum Source {
    /// The process's own stdin. It is accessed only when something is read.
    Standard,
    Given(Arc<Mutex<Box<dyn BufRead + Send>>>),
}

impl Input {
    /// Returns the process's own stdin.
    pub fn standard() -> Self {
        Self { source: Source::Standard, terminal: None }
    }

    /// Creates an input from the caller's reader, which is not a terminal.
    pub fn new(reader: impl BufRead + Send + 'static) -> Self {
        Self { source: Source::Given(Arc::new(Mutex::new(Box::new(reader)))), terminal: Some(false) }
    }

    /// Creates an empty input.
    pub fn empty() -> Self {
        Self::new(io::empty())
    }

    /// Returns the same input as if it were a terminal, so that prompts appear.
    #[must_use]
    pub fn as_terminal(self) -> Self {
        Self { terminal: Some(true), ..self }
    }

    /// Returns whether it is a terminal, where a user can be prompted.
    pub fn is_terminal(&self) -> bool {
        self.terminal.unwrap_or_else(|| io::stdin().is_terminal())
    }

    /// Returns whether it is the process's own stdin.
    pub(crate) fn is_standard(&self) -> bool {
        matches!(self.source, Source::Standard)
    }

    /// Reads the next line without its line ending, `\n` or `\r\n`; `None` at the end of the input. Blocks.
    ///
    /// # Errors
    ///
    /// A line that is not UTF-8 is an error of the kind [`InvalidData`](io::ErrorKind::InvalidData). The next
    /// call reads the line after it.
    pub fn read_line(&self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.with(|reader| reader.read_line(&mut line))?;
        if line.ends_with('\n') {
            line.pop();
            if line.ends_with('\r') {
                line.pop();
            }
        }
        Ok((read > 0).then_some(line))
    }

    /// Reads the rest of the input, which must be UTF-8. Blocks until the input ends.
    pub fn read_all(&self) -> io::Result<String> {
        let mut text = String::new();
        self.with(|reader| reader.read_to_string(&mut text))?;
        Ok(text)
    }

    fn with<T>(&self, work: impl FnOnce(&mut dyn BufRead) -> io::Result<T>) -> io::Result<T> {
        match &self.source {
            Source::Standard => work(&mut io::stdin().lock()),
            Source::Given(reader) => work(&mut **lock(reader)),
        }
    }
}

fn lock(reader: &Mutex<Box<dyn BufRead + Send>>) -> MutexGuard<'_, Box<dyn BufRead + Send>> {
    // If a reader panicked in another thread, the input can still be used.
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|reader| reader.read(buffer))
    }
}

impl Read for &Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|reader| reader.read(buffer))
    }
}

impl From<String> for Input {
    fn from(text: String) -> Self {
        Self::new(Cursor::new(text))
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Cursor::new(bytes))
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_their_ends_and_clones_share_them() {
        let input = Input::from("one\r\ntwo\n\nfour");
        let clone = input.clone();
        assert_eq!(input.read_line().unwrap().as_deref(), Some("one"));
        assert_eq!(clone.read_line().unwrap().as_deref(), Some("two"));
        assert_eq!(input.read_line().unwrap().as_deref(), Some(""));
        assert_eq!(input.read_all().unwrap(), "four");
        assert_eq!(clone.read_line().unwrap(), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_of_lines_alone() {
        let input = Input::from(vec![0xff, b'\n', b'a']);
        assert_eq!(input.read_line().unwrap_err().kind(), io::ErrorKind::InvalidData);
        let mut bytes = Vec::new();
        (&input).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"a");
        assert!(!input.is_terminal() && input.as_terminal().is_terminal());
    }
}
