//! Questions to an input that stands for a person: each on a line of stderr, each answer a line. For tests.

use crate::{CommandError, Context, Result};

/// Asks until an answer can be read. An empty line takes the default.
pub(super) fn ask<T>(
    cx: &Context,
    question: &str,
    default: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    loop {
        match default {
            Some(default) => cx.err().line(format_args!("{question} [{default}]"))?,
            None => cx.err().line(question)?,
        }
        let Some(line) = cx.stdin().read_line()? else {
            return Err(
                CommandError::new(format!("The input ended before “{question}” was answered.")).into()
            );
        };
        let answer = if line.is_empty() { default.unwrap_or_default() } else { &line };
        match read(answer) {
            Ok(value) => return Ok(value),
            Err(problem) => cx.error(problem)?,
        }
    }
}
