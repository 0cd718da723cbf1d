//! Prompts until the answer is valid. It uses the process's own terminal, or, in tests, an input: then each
//! prompt is a line on stderr and each answer a line of the input.

use super::editor::read_line;
use super::terminal;
use crate::command::Context;
use crate::console::printable;
use crate::error::{CommandError, Result};

/// A prompt.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    /// The answer if the user presses Enter without a text.
    pub(super) default: Option<&'a str>,
    /// How a terminal displays the default, if it differs: `y/N`.
    pub(super) choices: Option<&'a str>,
    /// Whether the answer is visible while it is typed.
    pub(super) echo: bool,
}

impl<'a> Question<'a> {
    pub(super) fn new(text: &'a str, default: Option<&'a str>) -> Self {
        Self { text, default, choices: None, echo: true }
    }

    /// Creates a prompt for a secret.
    pub(super) fn secret(text: &'a str) -> Self {
        Self { echo: false, ..Self::new(text, None) }
    }
}

/// Prompts until an answer is valid. An empty line selects the default.
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

/// Returns the error for an input that ended, for example by CONTROL-D.
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
