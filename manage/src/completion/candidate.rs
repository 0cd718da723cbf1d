//! A completion candidate.

use clap_complete::engine::CompletionCandidate;

use crate::console::printable;

/// A value and an optional description. It can be created from a text, or from a pair of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    value: String,
    help: Option<String>,
}

impl Candidate {
    /// Creates a value without a description.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), help: None }
    }

    /// Adds a description; shells without descriptions ignore it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<String> for Candidate {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Candidate {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl<V: Into<String>, H: Into<String>> From<(V, H)> for Candidate {
    fn from((value, help): (V, H)) -> Self {
        Self::new(value).help(help)
    }
}

impl Candidate {
    pub(super) fn for_engine(self) -> CompletionCandidate {
        CompletionCandidate::new(self.value).help(self.help.map(|help| printable(&help).into_owned().into()))
    }
}
