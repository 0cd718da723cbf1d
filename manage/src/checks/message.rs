//! A message of a check.

use std::fmt;

use crate::console::printable;

/// The severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Debugging details.
    Debug,
    /// Information.
    Info,
    /// It works, but perhaps not as intended.
    Warning,
    /// It will not work: commands that require the checks do not run.
    Error,
    /// Nothing will work.
    Critical,
}

impl Level {
    /// All levels, from the most to the least severe.
    pub const ALL: [Self; 5] = [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// Returns its name, as `--fail-level` takes it: `WARNING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// A message of a check.
///
/// ```
/// use manage::checks::Message;
///
/// let message = Message::warning("shop.W001", "No currency is set.")
///     .about("shop")
///     .hint("Set it in [apps.shop] of manage.toml.");
/// assert_eq!(message.to_string().lines().next(), Some("shop: (shop.W001) No currency is set."));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The severity.
    pub level: Level,
    /// The problem, as a sentence.
    pub text: String,
    /// The subject of the message: an app, a file, or a database.
    pub object: Option<String>,
    /// How to fix it.
    pub hint: Option<String>,
    /// The id for silencing it: `blog.W001`, the app's label, the first letter of the level and three
    /// digits. Without one (an empty text) it cannot be silenced.
    pub id: &'static str,
}

impl Message {
    /// Creates a message without an object and a hint.
    pub fn new(level: Level, id: &'static str, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), object: None, hint: None, id }
    }

    /// Creates a debug message.
    pub fn debug(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Debug, id, text)
    }

    /// Creates an informational message.
    pub fn info(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Info, id, text)
    }

    /// Creates a warning.
    pub fn warning(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, text)
    }

    /// Creates an error, which prevents commands from running.
    pub fn error(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Error, id, text)
    }

    /// Creates an error that makes everything fail.
    pub fn critical(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Critical, id, text)
    }

    /// Sets what it is about.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Adds a hint that explains how to fix it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns whether its id is well-formed, such as `blog.W001`, or empty.
    pub(super) fn has_good_id(&self) -> bool {
        let Some((label, number)) = self.id.rsplit_once('.') else { return self.id.is_empty() };
        let is_label = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let digits = number.strip_prefix(['D', 'I', 'W', 'E', 'C']);
        !label.is_empty()
            && label.chars().all(is_label)
            && digits
                .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// Formats it as Django does: `object: (id) text`, and the hint on a line of its own.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The object may be the name of a file or of a database.
        let object = printable(self.object.as_deref().unwrap_or("?"));
        match self.id {
            "" => write!(f, "{object}: {}", self.text)?,
            id => write!(f, "{object}: ({id}) {}", self.text)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\n\tHINT: {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_as_django_shows_it() {
        let message = Message::warning("kitchen.W001", "The oven is hot.");
        assert_eq!(message.to_string(), "?: (kitchen.W001) The oven is hot.");
        let message = message.about("oven").hint("Wear gloves.");
        assert_eq!(message.to_string(), "oven: (kitchen.W001) The oven is hot.\n\tHINT: Wear gloves.");
        assert_eq!(Message::error("", "No id.").to_string(), "?: No id.");
    }

    #[test]
    fn an_id_has_a_form() {
        for id in ["", "kitchen.W001", "kitchen_2.E999", "a.b.C000"] {
            assert!(Message::warning(id, "").has_good_id(), "{id}");
        }
        for id in [
            "W001",
            "kitchen",
            "kitchen.W1",
            "kitchen.X001",
            "kitchen.w001",
            ".W001",
            "my kitchen.W001",
            "kitchen.W00a",
        ] {
            assert!(!Message::warning(id, "").has_good_id(), "{id}");
        }
    }
}
