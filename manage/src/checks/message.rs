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
    /// The heading of its group in a report.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Debug => "DEBUGS",
            Self::Info => "INFOS",
            Self::Warning => "WARNINGS",
            Self::Error => "ERRORS",
            Self::Critical => "CRITICALS",
        }
    }

    pub(crate) fn is_serious(self) -> bool {
        self >= Self::Error
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
    /// A name for it, by which it can be silenced: `blog.W001`.
    pub id: &'static str,
}

impl Message {
    /// A message without an object and a hint.
    pub fn new(level: Level, id: &'static str, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), object: None, hint: None, id }
    }

    /// A warning.
    pub fn warning(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, text)
    }

    /// An error: it keeps commands from running.
    pub fn error(id: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Error, id, text)
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
}

/// In Django's form: `object: (id) text`, and the hint on a line of its own.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = self.object.as_deref().unwrap_or("?");
        write!(f, "{object}: ({}) {}", self.id, self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "\n\tHINT: {hint}"),
            None => Ok(()),
        }
    }
}
