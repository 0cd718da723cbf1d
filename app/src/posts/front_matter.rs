//! The fields of the YAML in front, each with its line. Only the outermost ones matter here; what is nested in others
//! has to be YAML, and nothing else.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use granit_parser::{Event, Parser, ScalarStyle};

use super::file::YAML_LINE;
use super::problem::Fault;

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, a number, a date or whatever else a person takes it for.
    Scalar {
        /// As it was written, without quotes.
        text: String,
        /// Whether it stood there without quotes.
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
    fields: BTreeMap<String, Field>,
    /// The fields that were given again, and where.
    again: Vec<(String, usize)>,
}

impl FrontMatter {
    /// Reads what stands between the two lines of hyphens.
    pub(super) fn parse(yaml: &str) -> Result<Self, Fault> {
        let mut reader = Reader::default();
        for item in Parser::new_from_str(yaml) {
            let (event, span) = item.map_err(|error| {
                Fault::at(in_file(error.marker().line()), format!("this is no YAML: {}", error.info()))
            })?;
            reader.take(event, in_file(span.start.line()))?;
        }
        Ok(reader.front_matter)
    }

    /// A field; nothing also where it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name).filter(|field| !field.is_null())
    }

    /// A complaint if a field was given twice: which one counts?
    pub(super) fn duplicate(&self, name: &str) -> Option<Fault> {
        let (_, line) = self.again.iter().find(|(again, _)| again == name)?;
        let first = self.fields.get(name)?.line;
        Some(Fault::at(*line, format!("`{name}` is there twice: first in line {first}")))
    }
}

impl Field {
    fn is_null(&self) -> bool {
        let Value::Scalar { text, plain: true } = &self.value else { return false };
        matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Its text.
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        match &self.value {
            Value::Scalar { text, .. } => Ok(text),
            Value::Nested => {
                Err(Fault::at(self.line, format!("`{name}` must be a text, and is a list or a map")))
            }
        }
    }

    /// Whether it says yes, in any of the words that Ruby's YAML knows.
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

/// The line in the file of a line in the YAML.
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
    name: Option<String>,
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
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
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
                (None, Value::Nested) => self.name = Some(String::new()),
                (Some(name), value) => self.field(name, Field { value, line }),
            },
            _ => {}
        }
        Ok(())
    }

    fn field(&mut self, name: String, field: Field) {
        match self.front_matter.fields.entry(name) {
            Entry::Occupied(first) => self.front_matter.again.push((first.key().clone(), field.line)),
            Entry::Vacant(place) => drop(place.insert(field)),
        }
    }
}

#[cfg(test)]
#[path = "front_matter_tests.rs"]
mod tests;
