//! Converts the text of a variable to the type that requests it.
//!
//! Only the type decides, never the form of the text: `0123` is the text `0123` for a `String`, and 123 for
//! an integer. A type that accepts anything, such as an untagged enum, gets the text.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::AppError;

/// The name of toml's own date type, and of its only key.
const DATETIME: &str = "$__toml_private_Datetime";
const DATETIME_KEY: &str = "$__toml_private_datetime";

/// The text of a variable. The enclosing level adds the variable's name to errors.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

const LIST: &str = "Write the values with commas between them, or a TOML list: [\"a\", \"b\"].";

impl Text<'_> {
    /// Returns a description of the text's form, which replaces the text in errors.
    fn kind(self) -> &'static str {
        let text = self.0.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        match text {
            _ if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                "another whole number"
            }
            _ if text.parse::<f64>().is_ok() => "a number with a fraction",
            _ if text.starts_with('[') => "a list",
            _ if text.starts_with('{') => "a table",
            _ => "a text",
        }
    }

    fn expected(self, what: &str) -> AppError {
        AppError::new(format!("expected {what}, found {}", self.kind()))
    }

    fn whole<T: std::str::FromStr>(self, range: &str) -> Result<T, AppError> {
        let wrong = |_| self.expected(&format!("a whole number{range}")).hint("Write it in digits alone.");
        self.0.trim().parse().map_err(wrong)
    }

    fn fraction<T: std::str::FromStr>(self) -> Result<T, AppError> {
        self.0.trim().parse().map_err(|_| self.expected("a number").hint("Write it as in 2.5."))
    }

    fn truth(self) -> Result<bool, AppError> {
        Ok(match self.0.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => {
                return Err(self
                    .expected("true or false")
                    .hint("Write true or false; yes, no, on, off, 1 and 0 do, too."));
            }
        })
    }

    /// Parses a TOML value between these delimiters; `None` if the text is another one.
    fn toml(self, open: char, close: char) -> Option<Result<toml::Value, AppError>> {
        let text = self.0.trim();
        let inner = text.strip_prefix(open)?;
        // `[::1]:80, [::2]:80` is a list of texts.
        let is_begun = open == '{' || inner.trim_start().starts_with(['"', '\'', '[', '{']);
        if !is_begun && !text.ends_with(close) {
            return None;
        }
        // The parser's own message repeats the text.
        let wrong = |_| {
            let example = if open == '[' { "[\"a\", \"b\"]" } else { "{ host = \"mail\", port = 25 }" };
            AppError::new(format!("{} is not valid TOML", self.kind()))
                .hint(format!("Write it as in {example}."))
        };
        let mut table = match toml::from_str::<toml::Table>(&format!("value = {text}")) {
            Ok(table) => table,
            Err(error) => return Some(Err(wrong(error))),
        };
        // A line break would begin another key.
        let value = table.remove("value").filter(|_| table.is_empty());
        Some(value.ok_or_else(|| AppError::new("a value in TOML is followed by something else")))
    }
}

/// Deserializes a TOML value that is written in a text.
fn written<T>(
    value: Result<toml::Value, AppError>,
    read: impl FnOnce(toml::Value) -> Result<T, toml::de::Error>,
) -> Result<T, AppError> {
    let value = value?;
    let kept = value.clone();
    read(value).map_err(|error| AppError::of_file(&error, &kept))
}

macro_rules! numbers {
    ($($method:ident $visit:ident $parse:ident $range:literal)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
            visitor.$visit(self.$parse($range)?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = AppError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_str(self.0)
    }

    numbers! {
        deserialize_i8 visit_i8 whole " from -128 to 127"
        deserialize_i16 visit_i16 whole " from -32768 to 32767"
        deserialize_i32 visit_i32 whole ""
        deserialize_i64 visit_i64 whole ""
        deserialize_i128 visit_i128 whole ""
        deserialize_u8 visit_u8 whole " from 0 to 255"
        deserialize_u16 visit_u16 whole " from 0 to 65535"
        deserialize_u32 visit_u32 whole " from 0 up"
        deserialize_u64 visit_u64 whole " from 0 up"
        deserialize_u128 visit_u128 whole " from 0 up"
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_f32(self.fraction()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_f64(self.fraction()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_bool(self.truth()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_bytes(self.0.as_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, AppError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        if let Some(list) = self.toml('[', ']') {
            return written(list, |list| list.deserialize_seq(visitor)).map_err(|error| error.hint(LIST));
        }
        let items = self.0.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Text);
        let mut items = SeqDeserializer::new(items);
        let list = visitor.visit_seq(&mut items).map_err(|error| error.hint(LIST))?;
        // Extra items are an error, not silently ignored.
        items.end().map_err(|error| error.hint(LIST))?;
        Ok(list)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, AppError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, AppError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        match self.toml('{', '}') {
            Some(table) => written(table, |table| table.deserialize_map(visitor)),
            None => Err(self.expected("a table")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, AppError> {
        if name == DATETIME {
            let date = std::iter::once((DATETIME_KEY, self.0.trim()));
            let read = visitor.visit_map(MapDeserializer::new(date));
            return read
                .map_err(|_: AppError| self.expected("a date").hint("Write it as in 2026-07-01T12:00:00Z."));
        }
        match self.toml('{', '}') {
            Some(table) => written(table, |table| table.deserialize_struct(name, fields, visitor)),
            None => Err(self.expected("a table")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, AppError> {
        match self.toml('{', '}') {
            Some(table) => written(table, |table| table.deserialize_enum(name, variants, visitor)),
            None => visitor.visit_enum(self.0.into_deserializer()),
        }
    }

    forward_to_deserialize_any! { char str string unit unit_struct identifier ignored_any }
}

impl<'de> IntoDeserializer<'de, AppError> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Deserializes a text with a seed.
pub(super) fn value_of<'de, S: DeserializeSeed<'de>>(seed: S, text: &str) -> Result<S::Value, AppError> {
    seed.deserialize(Text(text)).map_err(|error| error.without(&parts(text)))
}

/// Returns a text, or its parts if it is a list.
fn parts(text: &str) -> toml::Value {
    let items = text.split([',', '"', '\'']).map(|item| item.trim().into());
    toml::Value::Array(std::iter::once(text.into()).chain(items).collect())
}
