//! Asks until there is a valid answer: on the process's own terminal, or, in tests, from an input: each question is a line of
//! stderr, and each answer a line of the input.

use super::editor::read_line;
use super::terminal;
use crate::console::printable;
use crate::{CommandError, Context, Result};

/// A question as it is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    /// The answer if Enter is pressed without a text.
    pub(super) default: Option<&'a str>,
    /// How the default shows on a terminal, where that is not itself: `y/N`.
    pub(super) choices: Option<&'a str>,
    /// Whether the answer shows while it is typed.
    pub(super) echo: bool,
}

impl<'a> Question<'a> {
    pub(super) fn new(text: &'a str, default: Option<&'a str>) -> Self {
        Self { text, default, choices: None, echo: true }
    }

    /// One whose answer is a secret.
    pub(super) fn secret(text: &'a str) -> Self {
        Self { echo: false, ..Self::new(text, None) }
    }
}

/// Asks until an answer can be read. An empty line takes the default.
pub(super) fn ask<T>(
    cx: &Context,
    question: Question<'_>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    loop {
        let line = match cx.stdin().is_standard() {
            true => typed(cx, question)?,
            false => given(cx, question)?,
        };
        let Some(line) = line else { return Err(ended(question.text)) };
        let answer = if line.is_empty() { question.default.unwrap_or_default() } else { &line };
        match read(answer) {
            Ok(value) => return Ok(value),
            Err(problem) => cx.error(problem)?,
        }
    }
}

/// The error of an input that ended, by CONTROL-D for example.
pub(super) fn ended(question: &str) -> anyhow::Error {
    CommandError::new(format!("The input ended before “{question}” was answered.")).into()
}

fn typed(cx: &Context, question: Question<'_>) -> Result<Option<String>> {
    let shown = question.choices.or(question.default).map(|shown| format!("[{}] ", printable(shown)));
    let prompt = format!("{} {}", question.text, shown.unwrap_or_default());
    terminal::ask(cx, question.text, move |term| read_line(term, &prompt, question.echo))
}

fn given(cx: &Context, question: Question<'_>) -> Result<Option<String>> {
    match question.default {
        Some(default) => cx.err().line(format_args!("{} [{default}]", question.text))?,
        None => cx.err().line(question.text)?,
    }
    Ok(cx.stdin().read_line()?)
}
