//! A table of an app's settings with the variables that override its keys.

use std::collections::{BTreeMap, BTreeSet};
use std::vec;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::AppError;
use super::names::{Names, SEPARATOR, Said, segment};
use super::text::value_of;
use crate::settings::Secret;
use crate::settings::variables::Variables;
use crate::suggest::closest;

/// One table: its keys in the file, and the variables that override them.
pub(super) struct Level<'a> {
    table: Option<&'a toml::Table>,
    /// The prefix of the names of its variables.
    prefix: String,
    names: &'a Names,
    variables: &'a Variables<'a>,
}

/// A value of a key, and its source.
enum Entry<'a> {
    File(&'a toml::Value),
    Variable { name: String, text: Secret, place: String },
    Level(Level<'a>),
}

impl<'a> Level<'a> {
    pub(super) fn new(
        table: Option<&'a toml::Table>,
        prefix: String,
        names: &'a Names,
        variables: &'a Variables<'a>,
    ) -> Self {
        Self { table, prefix, names, variables }
    }

    /// Returns the keys and their values, those of the file first. `fields` are the keys of the type, if it
    /// declares them.
    fn entries(self, fields: &'static [&'static str]) -> Result<Entries<'a>, AppError> {
        let known = self.known(fields);
        let mut said = self.said(&known);
        let mut entries = Vec::new();
        for (key, value) in self.table.into_iter().flatten() {
            let segment = segment(key);
            let is_meant = known.get(&segment) == Some(&key.as_str());
            let overriding = said.remove(&segment).filter(|_| is_meant);
            let of_variable =
                overriding.map(|said| self.variable(&segment, &said, Some(value))).transpose()?;
            entries.push((key.clone(), of_variable.flatten().unwrap_or(Entry::File(value))));
        }
        for (segment, said) in said {
            let key = known.get(&segment).map_or_else(|| segment.to_lowercase(), |key| (*key).to_owned());
            if let Some(entry) = self.variable(&segment, &said, None)? {
                entries.push((key, entry));
            }
        }
        Ok(Entries { prefix: self.prefix, fields, left: entries.into_iter(), value: None })
    }

    /// Returns the first variable for a key of it, with its source.
    fn place(&self) -> String {
        let first = self.names.first(&self.prefix);
        first.map_or_else(String::new, |name| self.variables.place_of(&name).to_string())
    }

    /// Returns the keys of the file and of the type, by their spelling in a variable's name.
    fn known(&self, fields: &'static [&'static str]) -> BTreeMap<String, &'a str> {
        let of_file = self.table.into_iter().flat_map(|table| table.keys().map(String::as_str));
        let mut known = BTreeMap::new();
        for key in of_file.chain(fields.iter().copied()) {
            known.entry(segment(key)).or_insert(key);
        }
        known
    }

    /// Returns which variables are set for each key.
    fn said(&self, known: &BTreeMap<String, &str>) -> BTreeMap<String, Said> {
        let mut all: BTreeMap<String, Said> = BTreeMap::new();
        for rest in self.names.after(&self.prefix) {
            match rest.split_once(SEPARATOR) {
                Some((segment, _)) => all.entry(segment.to_owned()).or_default().below = true,
                None if known.contains_key(rest) => all.entry(rest.to_owned()).or_default().own = true,
                None => match rest.strip_suffix("_FILE").filter(|segment| !segment.is_empty()) {
                    Some(segment) => all.entry(segment.to_owned()).or_default().file = true,
                    None => all.entry(rest.to_owned()).or_default().own = true,
                },
            }
        }
        all.remove("");
        all
    }

    /// Returns the value that variables give a key; `None` if it is in a file that is passed over.
    fn variable(
        &self,
        segment: &str,
        said: &Said,
        in_file: Option<&'a toml::Value>,
    ) -> Result<Option<Entry<'a>>, AppError> {
        let name = format!("{}{segment}", self.prefix);
        let below = format!("{name}{SEPARATOR}");
        if said.below {
            if said.own || said.file {
                let other = if said.own { name.clone() } else { format!("{name}_FILE") };
                let first = self.names.first(&below).unwrap_or_default();
                return Err(AppError::new(format!("{other} and {first} are both set")).at(&name).hint(
                    "Unset one of them: either one variable has the whole value, or there is one for each key below.",
                ));
            }
            let table = in_file.and_then(toml::Value::as_table);
            return Ok(Some(Entry::Level(Level::new(table, below, self.names, self.variables))));
        }
        // If a key is named `key_file`, its variable does not name a file for `key`.
        let value = if said.file { self.variables.get(&name)? } else { self.variables.plain(&name)? };
        Ok(value.map(|value| {
            let place = value.origin.to_string();
            Entry::Variable { name, text: value.text, place }
        }))
    }
}

impl<'de> Deserializer<'de> for Level<'_> {
    type Error = AppError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AppError> {
        visitor.visit_map(self.entries(&[])?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, AppError> {
        let prefix = self.prefix.clone();
        visitor.visit_map(self.entries(fields)?).map_err(|error| match error.missing_key().map(segment) {
            Some(missing) => error.hint(format!("Set it in manage.toml, or set {prefix}{missing}.")),
            None => error,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, AppError> {
        let entries = self.entries(variants)?;
        if entries.left.len() != 1 {
            return Err(AppError::new(format!("expected one of the keys {}", variants.join(", "))));
        }
        visitor.visit_enum(MapAccessDeserializer::new(entries))
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

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The keys of a table and their values.
struct Entries<'a> {
    prefix: String,
    fields: &'static [&'static str],
    left: vec::IntoIter<(String, Entry<'a>)>,
    value: Option<(String, Entry<'a>)>,
}

impl Entries<'_> {
    /// Returns the error for a key that the type does not have.
    fn unknown(&self, error: AppError, key: &str, entry: &Entry<'_>) -> AppError {
        let place = match entry {
            Entry::File(_) => return error,
            Entry::Variable { place, .. } => place.clone(),
            Entry::Level(level) => level.place(),
        };
        let taken: BTreeSet<&str> = self.fields.iter().copied().collect();
        match closest(key, taken) {
            Some(meant) => error.at(place).hint(format!("Did you mean {}{}?", self.prefix, segment(meant))),
            None => error.at(place),
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = AppError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, AppError> {
        let Some((key, entry)) = self.left.next() else { return Ok(None) };
        let name: StringDeserializer<AppError> = key.clone().into_deserializer();
        let read = seed.deserialize(name).map_err(|error| self.unknown(error, &key, &entry))?;
        self.value = Some((key, entry));
        Ok(Some(read))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, AppError> {
        let Some((key, entry)) = self.value.take() else {
            return Err(AppError::new("a value without a key"));
        };
        match entry {
            // toml's own date type cannot be deserialized from a value in memory.
            Entry::File(toml::Value::Datetime(date)) => value_of(seed, &date.to_string()).map_err(|error| error.below(&key)),
            Entry::File(value) => {
                seed.deserialize(value.clone()).map_err(|error| AppError::of_file(&error, value).below(&key))
            }
            Entry::Variable { name, text, place } => value_of(seed, text.expose()).map_err(|error| {
                let error = error.at(place).below(&key);
                let is_table = error.wants_table();
                let each = || format!("Set one variable for each key, as {name}{SEPARATOR}<KEY>, or write a TOML table: {{ key = \"value\" }}.");
                if is_table { error.hint(each()) } else { error }
            }),
            Entry::Level(level) => {
                let (place, name) = (level.place(), level.prefix.trim_end_matches('_').to_owned());
                seed.deserialize(level).map_err(|error| match error.refuses_table() {
                    true => error.at(place).hint(format!("This key is no table. Set {name} instead.")),
                    false => error.below(&key),
                })
            }
        }
    }
}
