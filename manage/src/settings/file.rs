//! `manage.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::{Secret, SettingsError};

/// The whole file. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettingsFile {
    pub(crate) environment: Option<Spanned<String>>,
    pub(crate) databases: Table<BTreeMap<String, Spanned<Table<DatabaseTable>>>>,
    pub(crate) runserver: Table<RunserverTable>,
    pub(crate) checks: Table<ChecksTable>,
    pub(crate) apps: Table<BTreeMap<String, Spanned<toml::Table>>>,
}

/// `[databases.<alias>]`: a URL, or its parts, or a URL and what it lacks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatabaseTable {
    pub(crate) url: Option<Spanned<Secret>>,
    pub(crate) url_file: Option<Spanned<String>>,
    pub(crate) backend: Option<Spanned<String>>,
    pub(crate) host: Option<Spanned<String>>,
    pub(crate) port: Option<Spanned<u16>>,
    pub(crate) user: Option<Spanned<String>>,
    pub(crate) password: Option<Spanned<Secret>>,
    pub(crate) password_file: Option<Spanned<String>>,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) sslmode: Option<Spanned<String>>,
    pub(crate) sslrootcert: Option<String>,
    pub(crate) sslcert: Option<String>,
    pub(crate) sslkey: Option<String>,
    pub(crate) connect_timeout_seconds: Option<Spanned<f64>>,
}

/// `[runserver]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunserverTable {
    pub(crate) address: Option<Spanned<String>>,
}

/// `[checks]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChecksTable {
    pub(crate) silenced: Vec<String>,
}

/// Something that is a table and nothing else: serde would also read it from a list.
#[derive(Debug, Default)]
pub(crate) struct Table<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, as in [databases.default] with url = \"…\" below it")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Table)
            }
        }

        deserializer.deserialize_any(TableVisitor(PhantomData))
    }
}

/// A parsed file, with its text to tell lines by.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) file: SettingsFile,
    text: String,
}

impl Parsed {
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            SettingsError::new(format!("Cannot read the settings file {}: {error}.", path.display()))
        })?;
        let file = toml::from_str(&text).map_err(|error| {
            // The error's own display repeats the line, which may hold a password; its message does not.
            let line = error.span().map(|span| line_at(&text, span.start));
            let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
            SettingsError::new(format!("{}{place}: {}.", path.display(), without_value(error.message())))
        })?;
        Ok(Self { file, text })
    }

    /// The line of a value, counted from 1.
    pub(crate) fn line(&self, span: std::ops::Range<usize>) -> usize {
        line_at(&self.text, span.start)
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A parser's message on one line, in the words of the file's author, and without the value that it found: that may be a
/// password in a wrong place.
pub(crate) fn without_value(message: &str) -> String {
    let message = message.trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((kind @ ("unknown" | "missing" | "duplicate"), rest)) = message.split_once(" field ") {
        return format!("{kind} key {rest}");
    }
    let Some(found) = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))
    else {
        return message;
    };
    let kind = match found.split([' ', ',']).next().unwrap_or_default() {
        "string" | "character" => "a text",
        "integer" | "floating" => "a number",
        "sequence" => "a list",
        "map" => "a table",
        "boolean" => "true or false",
        _ => "something else",
    };
    match found.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {}, found {kind}", in_words(expected)),
        None => format!("found {kind} that does not fit here"),
    }
}

/// What a parser expected, not in Rust's words.
fn in_words(expected: &str) -> Cow<'_, str> {
    Cow::Borrowed(match expected {
        "a string" | "string" => "a text in quotes",
        "a sequence" => "a list in brackets",
        "a map" => "a table",
        "a boolean" => "true or false",
        "f32" | "f64" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0 up",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        other => match other.strip_prefix("struct ") {
            Some(name) => return Cow::Owned(format!("a table for {name}")),
            None => other,
        },
    })
}
