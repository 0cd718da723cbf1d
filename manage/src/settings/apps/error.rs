//! Why the settings of an app cannot be read.

use std::fmt;

use serde::de;

use crate::console::echo;
use crate::settings::SettingsError;
use crate::settings::file::{without_texts, without_value};

/// An error that is passed up through the levels of a table. Each level adds its key.
#[derive(Debug)]
pub(super) struct AppError(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: Kind,
    /// The keys that lead to it.
    keys: Vec<String>,
    /// The variable, if the error is about one.
    place: Option<String>,
    hint: Option<String>,
    is_untyped: bool,
}

#[derive(Debug)]
enum Kind {
    /// A message from serde or from a type of the project, which may repeat a value.
    Foreign(String),
    /// A message of our own, which repeats no value.
    Own(String),
    /// A variable cannot be read at all.
    Settings(SettingsError),
}

impl AppError {
    /// Creates an error with a message of our own: a sentence without its full stop.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::of(Kind::Own(message.into()))
    }

    /// Creates an error about a value of the file.
    pub(super) fn of_file(error: &toml::de::Error, value: &toml::Value) -> Self {
        Self::of(Kind::Own(without_texts(error.message(), value)))
    }

    fn of(kind: Kind) -> Self {
        Self(Box::new(Details { kind, keys: Vec::new(), place: None, hint: None, is_untyped: false }))
    }

    /// Removes a value from a foreign message.
    pub(super) fn without(mut self, value: &toml::Value) -> Self {
        if let Kind::Foreign(message) = &self.0.kind {
            self.0.kind = Kind::Own(without_texts(message, value));
        }
        self
    }

    /// Adds the key whose value has the error. A variable's name already contains it.
    pub(super) fn below(mut self, key: &str) -> Self {
        if self.0.place.is_none() {
            self.0.keys.insert(0, key.to_owned());
        }
        self
    }

    /// Sets the variable that has the error, unless it is already known.
    pub(super) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.place.get_or_insert_with(|| place.to_string());
        self
    }

    /// Sets the hint, unless it already has one.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Returns the key that the type requires and the table lacks.
    pub(super) fn missing_key(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Foreign(message) if self.0.keys.is_empty() => {
                message.strip_prefix("missing field `")?.strip_suffix('`')
            }
            _ => None,
        }
    }

    /// Returns whether a type that does not declare what it expects rejected a text.
    pub(super) fn is_untyped(&self) -> bool {
        self.0.is_untyped
    }

    /// Returns whether a text was given instead of a table.
    pub(super) fn wants_table(&self) -> bool {
        matches!(&self.0.kind, Kind::Own(message) if message.starts_with("expected a table"))
    }

    /// Returns whether a type that is no table got one.
    pub(super) fn refuses_table(&self) -> bool {
        let Details { kind, keys, place, .. } = &*self.0;
        let is_refused = matches!(kind, Kind::Foreign(message) if message.starts_with("invalid type: map"));
        is_refused && keys.is_empty() && place.is_none()
    }

    /// Converts it to a settings error. `table` is the location, unless the error is about a variable.
    pub(super) fn into_settings_error(self, table: &str) -> SettingsError {
        let Details { kind, keys, place, hint, .. } = *self.0;
        let message = match kind {
            Kind::Settings(error) => return error,
            Kind::Own(message) => message,
            Kind::Foreign(message) => without_value(&message),
        };
        let place = place.unwrap_or_else(|| table.to_owned());
        let keys = match keys.is_empty() {
            true => String::new(),
            false => format!(" `{}`:", echo(&keys.join("."))),
        };
        let error = SettingsError::new(format!("{place}:{keys} {message}."));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<SettingsError> for AppError {
    fn from(error: SettingsError) -> Self {
        Self::of(Kind::Settings(error))
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Foreign(message) => f.write_str(&without_value(message)),
            Kind::Own(message) => f.write_str(message),
            Kind::Settings(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AppError {}

impl de::Error for AppError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let untyped = ["invalid type: string", "data did not match any variant of untagged"];
        let is_untyped = untyped.iter().any(|start| message.starts_with(start));
        let mut error = Self::of(Kind::Foreign(message));
        error.0.is_untyped = is_untyped;
        error
    }
}
