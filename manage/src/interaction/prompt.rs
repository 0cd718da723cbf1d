//! A prompt at the terminal.

use std::fmt::Display;
use std::str::FromStr;

use super::lines::{self, Question};
use super::{menu, terminal};
use crate::command::Context;
use crate::error::{CommandError, Result};
use crate::settings::Secret;

/// A prompt for the user on the terminal; [`Context::prompt`] creates one.
///
/// ```
/// # fn asks(cx: &manage::Context) -> manage::Result<()> {
/// let name = cx.prompt("Name:").text()?;
/// let port: u16 = cx.prompt("Port:").default(8000).parse()?;
/// let size = cx.prompt("Size:").default("small").choice(&["small", "large"])?;
/// # let _ = (name, port, size);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Without a terminal a prompt fails, even if it has a default. With `--noinput` it returns the default, or
/// fails if it has none. CONTROL-C restores the terminal and is a [`Cancelled`](crate::Cancelled), which ends
/// the command with 130. CONTROL-D, or a closed terminal, is an error that ends the command with 1.
#[must_use = "a prompt appears only when its answer is requested: `.text()`, `.choice(…)`"]
pub struct Prompt<'a> {
    cx: &'a Context,
    question: String,
    default: Option<String>,
}

impl<'a> Prompt<'a> {
    pub(super) fn new(cx: &'a Context, question: impl Into<String>) -> Self {
        Self { cx, question: question.into(), default: None }
    }

    /// Sets the answer for Enter alone and for `--noinput`.
    pub fn default(mut self, answer: impl Display) -> Self {
        self.default = Some(answer.to_string());
        self
    }

    /// Prompts for a text that is not empty.
    pub fn text(self) -> Result<String> {
        self.until(
            |text| if text.is_empty() { Err("Write something.".to_owned()) } else { Ok(text.to_owned()) },
        )
    }

    /// Prompts for a value until it is valid. With `--noinput` an invalid default is an error.
    pub fn parse<T: FromStr<Err: Display>>(self) -> Result<T> {
        self.until(|text| T::from_str(text).map_err(|error| format!("“{text}”: {error}")))
    }

    /// Prompts for a text until it can be parsed.
    fn until<T>(self, read: impl Fn(&str) -> Result<T, String>) -> Result<T> {
        let final_read = |text: &str| {
            read(text).map_err(|problem| CommandError::new(format!("“{}”: {problem}", self.question)).into())
        };
        if let Some(answer) = self.without_asking()? {
            return final_read(&answer);
        }
        lines::ask(self.cx, Question::new(&self.question, self.default.as_deref()), read)
    }

    /// Prompts for one of these items and returns its index, from 0. The default is the text of an item;
    /// another default is an error, and so is an empty list.
    pub fn choice(self, items: &[impl Display]) -> Result<usize> {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        let place = |text: &str| {
            let found = items.iter().position(|item| item == text);
            found.ok_or_else(|| format!("“{text}” is none of: {}.", items.join(", ")))
        };
        if items.is_empty() {
            return Err(
                CommandError::new(format!("“{}”: there is nothing to choose from.", self.question)).into()
            );
        }
        let preset = self.default.as_deref().map(place).transpose();
        let preset =
            preset.map_err(|problem| CommandError::new(format!("“{}”: {problem}", self.question)))?;
        if self.without_asking()?.is_some() {
            return Ok(preset.unwrap_or_default());
        }
        if !self.cx.stdin().is_standard() {
            let question = format!("{} ({})", self.question, items.join(", "));
            return lines::ask(self.cx, Question::new(&question, self.default.as_deref()), place);
        }
        let question = self.question.clone();
        let chosen = terminal::ask(self.cx, &self.question, move |term| {
            menu::choose(term, &question, &items, preset.unwrap_or_default())
        })?;
        chosen.ok_or_else(|| lines::ended(&self.question))
    }

    /// Prompts for a secret, which must not be empty and is not displayed while it is typed. With `--noinput`
    /// it is an error.
    pub fn secret(mut self) -> Result<Secret> {
        self.default = None;
        self.without_asking()?;
        ask_secret(self.cx, &self.question)
    }

    /// Prompts for a new password twice, to detect typos, and repeats until both match. Otherwise it is like
    /// [`Prompt::secret`].
    ///
    /// ```
    /// # use manage::prelude::*;
    /// # fn createsuperuser(cx: &mut Context) -> Result<()> {
    /// let password: Secret = cx.prompt("Password:").new_password()?;
    /// # let _ = password;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_password(mut self) -> Result<Secret> {
        self.default = None;
        self.without_asking()?;
        let bare = self.question.trim_end_matches([' ', ':', '?']);
        let again = format!("{bare} (again){}", &self.question[bare.len()..]);
        loop {
            let password = ask_secret(self.cx, &self.question)?;
            if ask_secret(self.cx, &again)? == password {
                return Ok(password);
            }
            self.cx.error("The passwords do not match. Type both again.")?;
        }
    }

    /// Prompts for yes or no. Enter alone means no, unless the default is `yes`.
    pub fn confirm(self) -> Result<bool> {
        let default = self.default.as_deref() == Some("yes");
        if self.without_asking()?.is_some() {
            return Ok(default);
        }
        let (word, choices) = if default { ("yes", "Y/n") } else { ("no", "y/N") };
        let question = Question { choices: Some(choices), ..Question::new(&self.question, Some(word)) };
        lines::ask(self.cx, question, |text| match text.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("Answer yes or no.".to_owned()),
        })
    }

    /// Returns the default if prompting is not allowed; `None` if the user can be prompted.
    fn without_asking(&self) -> Result<Option<String>> {
        if self.cx.takes_no_input() {
            return match &self.default {
                Some(default) => Ok(Some(default.clone())),
                None => {
                    let message =
                        format!("“{}” needs an answer, but --noinput forbids prompts.", self.question);
                    let hint = "Pass the answer as an argument, or omit --noinput.";
                    Err(CommandError::new(message).hint(hint).into())
                }
            };
        }
        if self.cx.can_ask() {
            return Ok(None);
        }
        let message = format!("Cannot prompt for “{}” without a terminal.", self.question);
        let hint = match &self.default {
            Some(default) => {
                format!("Pass the answer as an argument; with --noinput the answer is “{default}”.")
            }
            None => "Pass the answer as an argument, or run the command on a terminal.".to_owned(),
        };
        Err(CommandError::new(message).hint(hint).into())
    }
}

fn ask_secret(cx: &Context, question: &str) -> Result<Secret> {
    lines::ask(cx, Question::secret(question), |text| match text {
        "" => Err("Write something.".to_owned()),
        text => Ok(Secret::from(text.to_owned())),
    })
}
