//! Why a value of `.env` cannot be read. No part of a value is ever repeated.

use std::fmt::Display;

use super::SettingsError;

const QUOTES: &str =
    "Put a value with quotes, `$` or `#` between single quotes; a single quote inside is \\'.";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) what: String,
    pub(crate) hint: String,
}

impl Problem {
    fn new(line: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line, what: what.into(), hint: hint.into() }
    }

    pub(super) fn into_error(self, place: impl Display) -> SettingsError {
        SettingsError::new(format!("{place}: {}.", self.what)).hint(self.hint)
    }
}

pub(super) fn no_equal_sign(line: usize) -> Problem {
    Problem::new(line, "the line is not NAME=value", "Write NAME=value, one on each line.")
}

pub(super) fn unclosed_quote(line: usize) -> Problem {
    Problem::new(line, "the quote that opens the value is not closed", QUOTES)
}

pub(super) fn after_the_quote(line: usize, closing: usize) -> Problem {
    let what = match line == closing {
        true => "text follows the closing quote".to_owned(),
        false => {
            format!("the quote that opens the value is closed on line {closing}, and text follows there")
        }
    };
    Problem::new(line, what, QUOTES)
}

pub(super) fn damaged(line: usize) -> Problem {
    Problem::new(line, "the value is not valid UTF-8", "Save the file as UTF-8.")
}

pub(super) fn nul(line: usize) -> Problem {
    let what = format!("line {line} holds a NUL byte, which no variable can have");
    Problem::new(line, what, "Is it UTF-16? Save it as UTF-8.")
}

pub(super) fn utf16() -> Problem {
    Problem::new(1, "the file is UTF-16, as PowerShell's `>` writes it", "Save it as UTF-8.")
}

/// Creates the problem of a reference to an unset variable. `name` is `None` if it may be part of a password.
pub(super) fn not_set(line: usize, column: usize, name: Option<&str>, set_below: Option<usize>) -> Problem {
    let what = match (name, set_below) {
        (Some(name), Some(below)) => format!("`${{{name}}}` is set only below, on line {below}"),
        (Some(name), None) => format!("`${{{name}}}` is not set"),
        (None, _) => format!("the `${{…}}` at column {column} refers to no variable that is set"),
    };
    let set = match (name, set_below) {
        (Some(name), Some(_)) => format!("Move the line of {name} up"),
        (Some(name), None) => format!("Set {name} in the environment or further up"),
        (None, _) => "Set that variable in the environment or further up".to_owned(),
    };
    let hint = format!(
        "{set}, or write a default as in `${{NAME:-default}}`, or put the whole value between single quotes if the dollar sign is meant."
    );
    Problem::new(line, what, hint)
}

pub(super) fn not_utf8_in_environment(line: usize, column: usize) -> Problem {
    let what = format!("the environment variable that column {column} refers to is not valid UTF-8");
    Problem::new(line, what, "Set it to UTF-8 text.")
}

pub(super) fn too_deep(line: usize) -> Problem {
    Problem::new(line, "references are nested too deeply", "Set a variable on a line of its own in between.")
}

pub(super) fn too_long(line: usize) -> Problem {
    Problem::new(
        line,
        "the value is longer than 1 MiB",
        "Repeated references make it grow: write the value out.",
    )
}

pub(super) fn too_much(line: usize) -> Problem {
    Problem::new(
        line,
        "the references of this file make more than 16 MiB together",
        "Refer to a long value less often.",
    )
}
