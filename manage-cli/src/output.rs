//! Prints to stdout, and shows the names of files.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::{Error, Result};

/// Prints a text and the end of its line.
pub(crate) fn line(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").map_err(|error| Error::print_failed(&error))
}

/// Prints a text and the end of its line to stderr.
pub(crate) fn warn(text: &str) {
    // There is nowhere to report that stderr is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Returns a text in which a terminal sees no control characters but the end of a line.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_unsafe =
        |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || ('\u{202a}'..='\u{202e}').contains(&c);
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_unsafe(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// Returns a path as a message shows it: relative to the current directory if it is below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    match path.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => printable(&path.to_string_lossy()).replace('\n', "\\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_forges_no_line() {
        assert_eq!(shown(Path::new("a\nError: b\u{1b}[2J")), "a\\nError: b\\u{1b}[2J");
        assert_eq!(printable("one\ntwo"), "one\ntwo");
    }
}
