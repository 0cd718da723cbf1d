//! What may stand at the cursor.

use clap_complete::engine::CompletionCandidate;

use crate::console::printable;

/// A value and, where there is something to say, a line on it. It is made of a text, or of a pair of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    value: String,
    help: Option<String>,
}

impl Candidate {
    /// A value without a word on it.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), help: None }
    }

    /// Says something on the value; shells that show no descriptions leave it out.
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

impl From<Candidate> for CompletionCandidate {
    fn from(candidate: Candidate) -> Self {
        Self::new(candidate.value).help(candidate.help.map(|help| printable(&help).into_owned().into()))
    }
}
