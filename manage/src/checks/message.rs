//! What a check found.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the curious.
    Debug,
    /// Good to know.
    Info,
    /// It works, but perhaps not as meant.
    Warning,
    /// It will not work: commands that require the checks do not run.
    Error,
    /// Nothing will work.
    Critical,
}

impl Level {
    /// From the worst to the least.
    pub const ALL: [Self; 5] = [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The word for it, as `--fail-level` takes it: `WARNING`.
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

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub level: Level,
    /// What is wrong, as a sentence.
    pub text: String,
    /// What it is about: an app, a file, a database.
    pub object: Option<String>,
    /// How to mend it.
    pub hint: Option<String>,
    /// A name for it, by which it can be silenced: `blog.W001`, the app's label, the first letter of the level and three
    /// digits. Without one (an empty text) it cannot be silenced.
    pub id: &'static str,
}

impl Message {
    /// A message without an object and a hint.
    pub fn new(level: Level, id: &'static str, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), object: None, hint: None, id }
    }

    /// For those who look for a bug.
    pub fn debug(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Debug, id, text)
    }

    /// Good to know.
    pub fn info(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Info, id, text)
    }

    /// A warning.
    pub fn warning(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, text)
    }

    /// An error: it keeps commands from running.
    pub fn error(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Error, id, text)
    }

    /// An error with which nothing will work.
    pub fn critical(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Critical, id, text)
    }

    /// Says what it is about.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether its id has the form of one, `blog.W001`, or is left out.
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

/// In Django's form: `object: (id) text`, and the hint on a line of its own.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = self.object.as_deref().unwrap_or("?");
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
