//! The names of the variables that override keys of `[apps]`.

use std::collections::BTreeSet;

use crate::settings::variables::Variables;

/// The prefix of all of them.
pub(in crate::settings) const PREFIX: &str = "MANAGE_APPS__";

/// The separator between the names of two levels.
pub(in crate::settings) const SEPARATOR: &str = "__";

/// Returns the spelling of a label or a key in a variable's name: in capitals, with one underscore for each
/// run of characters that are not letters or digits, and between the words of a name such as `webhookKey`.
pub(in crate::settings) fn segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    let mut before = None;
    for c in name.chars() {
        let begins_word =
            c.is_uppercase() && before.is_some_and(|c: char| c.is_lowercase() || c.is_numeric());
        if (begins_word || !c.is_alphanumeric()) && !segment.is_empty() && !segment.ends_with('_') {
            segment.push('_');
        }
        if c.is_alphanumeric() {
            segment.extend(c.to_uppercase());
        }
        before = Some(c);
    }
    segment.truncate(segment.trim_end_matches('_').len());
    segment
}

/// The names of variables that are set, including those whose statement in `.env` cannot be read.
pub(super) struct Names(BTreeSet<String>);

/// Which variables are set for a key.
#[derive(Default)]
pub(super) struct Said {
    /// The variable with the key's own name is set.
    pub(super) own: bool,
    /// The variable with the key's name and `_FILE` is set, and no key has that name.
    pub(super) file: bool,
    /// Variables for keys of the table under this key are set.
    pub(super) below: bool,
}

impl Names {
    /// Finds the variables with this prefix that are set.
    pub(super) fn below(prefix: &str, variables: &Variables<'_>) -> Self {
        let is_set = |name: &String| variables.plain(name).map_or(true, |value| value.is_some());
        Self(variables.names(prefix).into_iter().filter(is_set).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all names, separated by commas.
    pub(super) fn list(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Returns the rest of each name that has this prefix.
    pub(super) fn after<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.0.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        from.map_while(move |name| name.strip_prefix(prefix)).filter(|rest| !rest.is_empty())
    }

    /// Returns the first name that has this prefix.
    pub(super) fn first(&self, prefix: &str) -> Option<String> {
        self.after(prefix).next().map(|rest| format!("{prefix}{rest}"))
    }
}
