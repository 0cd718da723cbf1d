//! A question to the person at the terminal.

use std::fmt::Display;
use std::str::FromStr;

use super::lines::{self, Question};
use super::{menu, terminal};
use crate::settings::Secret;
use crate::{CommandError, Context, Result};

/// A question to the person who runs the command; [`Context::prompt`] makes one.
///
/// It is asked on the terminal. Where there is none the answer is an error, and with `--noinput` it is the default, or an
/// error if there is no default. CONTROL-C ends the command with 130, and leaves the terminal as it was. CONTROL-D, or the end
/// of the terminal, is an error that ends it with 1.
#[must_use = "a question is asked when its answer is asked for: `.text()`, `.choice(…)`"]
pub struct Prompt<'a> {
    cx: &'a Context,
    question: String,
    default: Option<String>,
}

impl<'a> Prompt<'a> {
    pub(super) fn new(cx: &'a Context, question: impl Into<String>) -> Self {
        Self { cx, question: question.into(), default: None }
    }

    /// The answer of somebody who just presses Enter, and with `--noinput`.
    pub fn default(mut self, answer: impl Display) -> Self {
        self.default = Some(answer.to_string());
        self
    }

    /// Asks for a text that is not empty.
    pub fn text(self) -> Result<String> {
        self.until(
            |text| if text.is_empty() { Err("Write something.".to_owned()) } else { Ok(text.to_owned()) },
        )
    }

    /// Asks for a value, again and again until there is one. A default that cannot be read is an error.
    pub fn parse<T: FromStr<Err: Display>>(self) -> Result<T> {
        self.until(|text| T::from_str(text).map_err(|error| format!("“{text}”: {error}")))
    }

    /// Asks for a text until it can be read.
    fn until<T>(self, read: impl Fn(&str) -> Result<T, String>) -> Result<T> {
        let final_read = |text: &str| {
            read(text).map_err(|problem| CommandError::new(format!("“{}”: {problem}", self.question)).into())
        };
        if let Some(answer) = self.without_asking()? {
            return final_read(&answer);
        }
        lines::ask(self.cx, Question::new(&self.question, self.default.as_deref()), read)
    }

    /// Lets somebody choose one of these, and tells which: the first is 0. A default is the text of one of them.
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

    /// Asks for a secret, which is not shown while it is typed and is not empty. With `--noinput` it is an error.
    pub fn secret(mut self) -> Result<Secret> {
        self.default = None;
        self.without_asking()?;
        ask_secret(self.cx, &self.question)
    }

    /// Asks for a new password, twice, so that a slip of the finger is noticed, and repeats until both match. Otherwise
    /// as [`Prompt::secret`].
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

    /// Asks for yes or no. Somebody who just presses Enter says no, unless the default is `yes`.
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

    /// The default, if nobody is to be asked; none, if somebody can be.
    fn without_asking(&self) -> Result<Option<String>> {
        if self.cx.takes_no_input() {
            return match &self.default {
                Some(default) => Ok(Some(default.clone())),
                None => {
                    let message =
                        format!("“{}” must be answered, and --noinput forbids to ask.", self.question);
                    let hint = "Give the answer as an argument, or leave --noinput out.";
                    Err(CommandError::new(message).hint(hint).into())
                }
            };
        }
        if self.cx.can_ask() {
            return Ok(None);
        }
        let message = format!("There is nobody to ask “{}”: this is no terminal.", self.question);
        let hint = match &self.default {
            Some(default) => {
                format!("Answer beforehand, by an argument; with --noinput the answer is “{default}”.")
            }
            None => "Answer beforehand, by an argument, or run it on a terminal.".to_owned(),
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
