//! A value that never prints.

use std::fmt;

/// A password, or a text that holds one.
///
/// It has no `Display`, and its `Debug` is the same for every value. Code that must have the text asks for it
/// with [`Secret::expose`], so that each such place can be found.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for a driver, never for a person.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// So that a command's argument may be one: clap takes a type that is made from a `String`.
impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
