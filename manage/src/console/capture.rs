//! Captures output for a caller in code.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Stream;

/// A writer that stores its output. Clones share the storage.
///
/// ```
/// use manage::Program;
/// use manage::console::Capture;
///
/// let said = Capture::new();
/// Program::new(&[]).call("version").stdout(&said).run()?.ok()?;
/// assert_eq!(said.text(), format!("{}\n", manage::VERSION));
/// # manage::Result::<()>::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Capture {
    /// Creates an empty capture.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the output so far as text. Invalid UTF-8 is shown as `\u{fffd}`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    /// Returns the output so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<&Capture> for Stream {
    fn from(capture: &Capture) -> Self {
        Self::new(capture.clone())
    }
}
