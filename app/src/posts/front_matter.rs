//! The fields of the YAML in front, each with its line. Only the outermost ones matter here; what is nested
//! in others has to be YAML, and nothing else.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};

use super::file::YAML_LINE;
use super::problem::Fault;

/// The most names, values, and beginnings and ends of lists and maps. The parser limits how deep they are
/// nested.
const MOST_EVENTS: usize = 10_000;

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, a number, a date or whatever else a person takes it for.
    Scalar {
        /// As it was written, without quotes. Aliases share it: a large text with many aliases stays one
        /// text.
        text: Rc<str>,
        /// Whether it was written without quotes.
        plain: bool,
    },
    /// A list or a map.
    Nested,
}

/// A field that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) value: Value,
    /// Where the value begins, counted from the first line of the file.
    pub(super) line: usize,
}

/// The fields by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    fields: BTreeMap<Rc<str>, Field>,
    /// The fields that were given again, and where.
    again: Vec<(Rc<str>, usize)>,
}

impl FrontMatter {
    /// Parses the part between the two lines of hyphens.
    pub(super) fn parse(yaml: &str) -> Result<Self, Fault> {
        let mut reader = Reader::default();
        for (count, item) in Parser::new_from_str(yaml).enumerate() {
            let (event, span) = item.map_err(|error| {
                let reason = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => "lists and maps are nested too deeply".to_owned(),
                    _ => format!("this is no YAML: {}", error.info()),
                };
                Fault::at(in_file(error.marker().line()), reason)
            })?;
            let line = in_file(span.start.line());
            if count >= MOST_EVENTS {
                return Err(Fault::at(
                    line,
                    "the front matter has too many parts: front matter describes an article",
                ));
            }
            reader.take(event, line)?;
        }
        Ok(reader.front_matter)
    }

    /// Returns a field; nothing also where it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name).filter(|field| !field.is_null())
    }

    /// Returns a complaint if a field was given twice: which one counts?
    pub(super) fn duplicate(&self, name: &str) -> Option<Fault> {
        let (_, line) = self.again.iter().find(|(again, _)| **again == *name)?;
        let first = self.fields.get(name)?.line;
        Some(Fault::at(*line, format!("`{name}` is there twice: first in line {first}")))
    }
}

impl Field {
    fn is_null(&self) -> bool {
        let Value::Scalar { text, plain: true } = &self.value else { return false };
        matches!(&**text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Returns its text.
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        match &self.value {
            Value::Scalar { text, .. } => Ok(text),
            Value::Nested => {
                Err(Fault::at(self.line, format!("`{name}` must be a text, and is a list or a map")))
            }
        }
    }

    /// Returns whether it says yes, in any of the words that Ruby's YAML knows.
    pub(super) fn is_true(&self, name: &str) -> Result<bool, Fault> {
        if let Value::Scalar { text, plain: true } = &self.value {
            match text.to_lowercase().as_str() {
                "true" | "yes" | "on" => return Ok(true),
                "false" | "no" | "off" => return Ok(false),
                _ => {}
            }
        }
        Err(Fault::at(self.line, format!("`{name}` must be true or false, without quotes")))
    }
}

/// Returns the line in the file of a line in the YAML.
fn in_file(line: usize) -> usize {
    line + YAML_LINE - 1
}

/// Follows the events of the parser.
#[derive(Default)]
struct Reader {
    front_matter: FrontMatter,
    /// How many lists and maps are open.
    depth: usize,
    /// The name whose value comes next; empty for one that is itself a list or a map.
    name: Option<Rc<str>>,
    /// What names with an `&` stand for.
    anchors: BTreeMap<usize, Value>,
    documents: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Fault::at(line, "another YAML document begins in the front matter"));
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let value = Value::Scalar { text: text.into(), plain: style == ScalarStyle::Plain };
                if anchor != 0 {
                    self.anchors.insert(anchor, value.clone());
                }
                self.node(value, line)?;
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Nested);
                self.node(value, line)?;
            }
            Event::MappingStart(..) if self.depth == 0 => self.depth = 1,
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                self.node(Value::Nested, line)?;
                self.depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn node(&mut self, value: Value, line: usize) -> Result<(), Fault> {
        let field = Field { value, line };
        match self.depth {
            // Nothing, or nothing but comments.
            0 if field.is_null() => {}
            0 => return Err(Fault::at(line, "the front matter must consist of lines `name: value`")),
            1 => match (self.name.take(), field.value) {
                (None, Value::Scalar { text, .. }) => self.name = Some(text),
                (None, Value::Nested) => self.name = Some("".into()),
                (Some(name), value) => self.field(name, Field { value, line }),
            },
            _ => {}
        }
        Ok(())
    }

    fn field(&mut self, name: Rc<str>, field: Field) {
        match self.front_matter.fields.entry(name) {
            Entry::Occupied(first) => self.front_matter.again.push((Rc::clone(first.key()), field.line)),
            Entry::Vacant(place) => drop(place.insert(field)),
        }
    }
}

#[cfg(test)]
#[path = "front_matter_tests.rs"]
mod tests;

#[cfg(all(test, unix))]
#[path = "front_matter_fuzz.rs"]
mod fuzz;
