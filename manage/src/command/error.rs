//! The error for what the user can mend.

use std::fmt;

use super::Exit;

/// What a command returns when something is wrong that its user can put right.
///
/// It is printed as one line, with its causes and hints under it, and ends the program with its exit code. Any other
/// error works too: it ends the program with 1.
///
/// ```
/// use manage::CommandError;
///
/// let error = CommandError::new("There is no article “helo”.")
///     .hint("Did you mean “hello”?")
///     .exit(3);
/// assert_eq!(error.to_string(), "There is no article “helo”.");
/// ```
#[derive(Debug)]
pub struct CommandError {
    message: String,
    hints: Vec<String>,
    exit: Exit,
    source: Option<anyhow::Error>,
}

impl CommandError {
    /// An error with this message and the exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit: Exit::FAILURE, source: None }
    }

    /// Adds a line that says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Chooses the exit code. Zero would say that all went well, so it becomes 1.
    #[must_use]
    pub fn exit(mut self, code: u8) -> Self {
        self.exit = if code == 0 { Exit::FAILURE } else { Exit(code) };
        self
    }

    /// Adds what it came from; it is printed as a cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The lines that say how to mend it.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The program's exit code.
    pub fn exit_code(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref())
    }
}
