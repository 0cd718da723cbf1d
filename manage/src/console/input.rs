//! What a command reads: stdin, or what a caller gives in its place.

use std::fmt;
use std::io::{self, BufRead, Cursor, IsTerminal, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A stream of text to read: stdin, or whatever a caller puts in its place. Clones read from the same place.
#[derive(Clone)]
pub struct Input {
    source: Source,
    /// Whether a person sits behind it; of the process's own, the operating system is asked when somebody wants to know.
    terminal: Option<bool>,
}

#[derive(Clone)]
enum Source {
    /// The process's own. It is not touched before something is read.
    Standard,
    Given(Arc<Mutex<Box<dyn BufRead + Send>>>),
}

impl Input {
    /// The process's own stdin.
    pub fn standard() -> Self {
        Self { source: Source::Standard, terminal: None }
    }

    /// A reader of the caller's; nobody sits behind it.
    pub fn new(reader: impl BufRead + Send + 'static) -> Self {
        Self { source: Source::Given(Arc::new(Mutex::new(Box::new(reader)))), terminal: Some(false) }
    }

    /// Nothing to read.
    pub fn empty() -> Self {
        Self::new(io::empty())
    }

    /// The same, as if a person typed it, or not: what asks people questions asks only there.
    #[must_use]
    pub fn terminal(self, terminal: bool) -> Self {
        Self { terminal: Some(terminal), ..self }
    }

    /// Whether a person sits behind it, who could be asked.
    pub fn is_terminal(&self) -> bool {
        self.terminal.unwrap_or_else(|| io::stdin().is_terminal())
    }

    /// Whether it is the process's own stdin.
    pub(crate) fn is_standard(&self) -> bool {
        matches!(self.source, Source::Standard)
    }

    /// The next line without its end, `\n` or `\r\n`; nothing where the input has ended. It blocks.
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

    /// All that is left, which must be UTF-8. It blocks until the input ends.
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
    // A reader that panicked in another thread is still the only one there is.
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
        assert!(!input.is_terminal() && input.terminal(true).is_terminal());
    }
}
