//! `manage.toml`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::find::{self, SettingsPath};
use super::{Environment, Secret, SettingsError};
use crate::console::echo;

/// The whole file. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettingsFile {
    pub(crate) environment: Option<Spanned<String>>,
    pub(crate) databases: Table<BTreeMap<String, Spanned<Table<DatabaseTable>>>>,
    pub(crate) pool: Table<PoolTable>,
    pub(crate) runserver: Table<RunserverTable>,
    pub(crate) server: Table<ServerTable>,
    pub(crate) checks: Table<ChecksTable>,
    pub(crate) migrations: Table<MigrationsTable>,
    pub(crate) apps: Table<BTreeMap<String, Spanned<toml::Table>>>,
}

/// `[databases.<alias>]`: a URL, or its parts, or a URL with additional parts.
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

/// `[pool]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PoolTable {
    pub(crate) max_size: Option<Spanned<u32>>,
    pub(crate) min_idle: Option<Spanned<u32>>,
    pub(crate) idle_timeout_seconds: Option<Spanned<u32>>,
    pub(crate) max_lifetime_seconds: Option<Spanned<u32>>,
    pub(crate) connection_timeout_seconds: Option<Spanned<u32>>,
}

/// `[runserver]`. The keys other than the address are in `[server]` now, and are rejected with this advice.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunserverTable {
    pub(crate) address: Option<Spanned<String>>,
    pub(crate) allowed_hosts: Option<Spanned<toml::Value>>,
    pub(crate) max_connections: Option<Spanned<toml::Value>>,
    pub(crate) client_timeout_seconds: Option<Spanned<toml::Value>>,
}

/// `[server]`. Numbers are parsed when they are used, so that a wrong one stops no other command.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerTable {
    pub(crate) address: Option<Spanned<String>>,
    pub(crate) allowed_hosts: Option<Spanned<Vec<String>>>,
    pub(crate) trusted_proxies: Option<Spanned<Vec<String>>>,
    pub(crate) forwarded_header: Option<Spanned<String>>,
    pub(crate) metrics_address: Option<Spanned<String>>,
    pub(crate) max_connections: Option<Spanned<toml::Value>>,
    pub(crate) max_head_bytes: Option<Spanned<toml::Value>>,
    pub(crate) max_body_bytes: Option<Spanned<toml::Value>>,
    pub(crate) client_timeout_seconds: Option<Spanned<toml::Value>>,
    pub(crate) request_timeout_seconds: Option<Spanned<toml::Value>>,
}

/// `[checks]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChecksTable {
    pub(crate) silenced: Vec<String>,
}

/// `[migrations]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MigrationsTable {
    pub(crate) lint_start_after: Option<Spanned<String>>,
    pub(crate) lint_disable: Option<Spanned<Vec<String>>>,
}

/// A value that must be a table: serde would also accept a list.
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

/// A parsed file, with its line positions.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) file: SettingsFile,
    lines: Lines,
}

/// The ends of the lines of a text, in bytes.
#[derive(Debug, Default)]
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(position, _)| position).collect())
    }

    /// Returns the line number of a byte, from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|newline| *newline < offset) + 1
    }
}

impl Parsed {
    /// Reads the file. Returns `None` if it is passed over.
    pub(super) fn read(
        file: &SettingsPath,
        environment: &Environment,
    ) -> Result<Option<Self>, SettingsError> {
        let Some(bytes) = find::read(file, environment)? else { return Ok(None) };
        let path = &file.path;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            SettingsError::new(format!("{}, line {line}: the file is not valid UTF-8.", path.display()))
        })?;
        let lines = Lines::of(&text);
        let file = toml::from_str(&text).map_err(|error| {
            // The error's `Display` repeats the line, which may contain a password; its message does not.
            let line = error.span().map(|span| lines.line(span.start));
            let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
            SettingsError::new(format!("{}{place}: {}.", path.display(), without_value(error.message())))
        })?;
        Ok(Some(Self { file, lines }))
    }

    /// Returns the line number of a value, from 1.
    pub(crate) fn line(&self, span: std::ops::Range<usize>) -> usize {
        self.lines.line(span.start)
    }
}

/// Returns a parser's message on one line, in TOML's terms, and without the value that it found, which may be
/// a misplaced password.
pub(crate) fn without_value(message: &str) -> String {
    let message = message.trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((kind @ ("unknown" | "missing" | "duplicate"), rest)) = message.split_once(" field ") {
        return format!("{kind} key {}", echoed(rest));
    }
    if let Some(found) = message.strip_prefix("unknown variant `") {
        return match found.rsplit_once("`, expected ") {
            Some((_, expected)) => format!("expected {expected}, found another text"),
            None => "found a text that does not fit here".to_owned(),
        };
    }
    let Some(found) = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))
    else {
        return echoed(&message);
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

/// The same for an app's settings: messages of the project's own types may also repeat a value.
pub(crate) fn without_texts(message: &str, value: &toml::Value) -> String {
    const SERDES: [&str; 6] = [
        "unknown field",
        "unknown variant",
        "missing field",
        "duplicate field",
        "invalid type",
        "invalid value",
    ];
    if SERDES.iter().any(|start| message.starts_with(start)) {
        return without_value(message);
    }
    let mut text = message.to_owned();
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        match value {
            toml::Value::Table(inner) => values.extend(inner.values()),
            toml::Value::Array(inner) => values.extend(inner),
            // A shorter one may be part of a word.
            toml::Value::String(value) if value.len() >= 4 => {
                text =
                    text.replace(value.as_str(), "…").replace(value.escape_debug().to_string().as_str(), "…");
            }
            _ => {}
        }
    }
    without_value(&text)
}

/// Redacts the names between backquotes in a message, which may be misplaced URLs.
fn echoed(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let parts: Vec<_> = parts.map(|(i, part)| if i % 2 == 1 { echo(part) } else { part.into() }).collect();
    parts.join("`")
}

/// Returns what a parser expected, without Rust's type names.
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
