//! The error for what the user can fix.

use std::fmt;

use super::Exit;

/// The error of a command for a problem that the user can fix.
///
/// It is printed as one line, followed by its causes and hints, and its exit code ends the program. Any other
/// error works too, with the exit code 1.
///
/// ```
/// use manage::CommandError;
///
/// let error = CommandError::new("There is no article “helo”.")
///     .hint("Did you mean “hello”?")
///     .exit_code(3);
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
    /// Creates an error with this message and the exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit: Exit::FAILURE, source: None }
    }

    /// Turns an error that the user can fix into a command's error, with its hint.
    pub(crate) fn fixable(error: &impl fmt::Display, hint: Option<&str>) -> Self {
        let command_error = Self::new(error.to_string());
        match hint {
            Some(hint) => command_error.hint(hint),
            None => command_error,
        }
    }

    /// Adds a line that says how to fix it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Chooses the exit code: a number, or a constant of [`Exit`]. Zero would say that all went well, so it
    /// becomes 1.
    ///
    /// ```
    /// use manage::{CommandError, Exit};
    ///
    /// assert_eq!(CommandError::new("The feed is empty.").exit_code(3).code(), Exit(3));
    /// assert_eq!(CommandError::new("Another import runs.").exit_code(Exit::BUSY).code(), Exit(75));
    /// assert_eq!(CommandError::new("It failed.").exit_code(0).code(), Exit::FAILURE);
    /// ```
    #[must_use]
    pub fn exit_code(mut self, code: impl Into<Exit>) -> Self {
        let code = code.into();
        self.exit = if code == Exit::SUCCESS { Exit::FAILURE } else { code };
        self
    }

    /// Adds the source of the error, which is printed as a cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the lines that say how to fix it.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Returns the program's exit code.
    pub fn code(&self) -> Exit {
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
