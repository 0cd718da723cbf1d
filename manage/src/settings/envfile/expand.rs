//! Expands a value: escapes, and references to other variables.

use std::collections::BTreeMap;

use super::parse::{Item, Quote, Raw, Text};
use super::problem::{self, Problem};
use super::{Environment, Variable};

/// Defaults may hold references, which may have defaults.
const DEPTH: usize = 16;

/// The most that references may make of a value, in bytes.
const LONGEST: usize = 1 << 20;

/// What a reference may refer to: the environment and, under it, what the file has set so far.
pub(super) struct Known<'a> {
    pub(super) environment: &'a Environment,
    pub(super) variables: &'a BTreeMap<String, Variable>,
    pub(super) items: &'a [Item],
    pub(super) text: &'a Text,
}

impl Known<'_> {
    /// The value of a text.
    pub(super) fn expand(&self, raw: &Raw) -> Result<String, Problem> {
        let mut value = String::new();
        self.write(&mut value, raw, DEPTH)?;
        Ok(value)
    }

    fn write(&self, value: &mut String, raw: &Raw, depth: usize) -> Result<(), Problem> {
        let text = self.text.slice(raw.range.clone());
        let mut position = 0;
        while let Some(c) = text[position..].chars().next() {
            let rest = &text[position..];
            let at = raw.range.start + position;
            if value.len() > LONGEST {
                return Err(problem::too_long(self.text.line(at)));
            }
            if let Some(escaped) = escaped(rest, raw.quote) {
                value.push(escaped);
                position += 2;
            } else if c == '$' && raw.quote != Quote::Single {
                position += match closing(rest, raw.quote) {
                    Some(end) => {
                        let range = at + 2..at + end;
                        self.reference(value, &Raw { range, quote: raw.quote }, at, depth)?;
                        end + 1
                    }
                    None => self.bare(value, rest)?,
                };
            } else {
                value.push(c);
                position += c.len_utf8();
            }
        }
        Ok(())
    }

    /// `$NAME`, where it is set; else the dollar sign is one. Returns how long it is.
    fn bare(&self, value: &mut String, rest: &str) -> Result<usize, Problem> {
        let name = &rest[1..1 + name_length(&rest[1..])];
        match self.get(name) {
            Found::Set(known) if !known.is_empty() => {
                value.push_str(&known);
                Ok(1 + name.len())
            }
            Found::Unreadable(problem) => Err(problem),
            _ => {
                value.push('$');
                Ok(1)
            }
        }
    }

    /// What is inside `${…}`; `dollar` is where it begins.
    fn reference(&self, value: &mut String, raw: &Raw, dollar: usize, depth: usize) -> Result<(), Problem> {
        let line = self.text.line(dollar);
        if depth == 0 {
            return Err(problem::too_deep(line));
        }
        let inside = self.text.slice(raw.range.clone());
        let (name, operator) = self.name_and_operator(inside);
        let known = match self.get(name) {
            Found::Nothing => None,
            Found::Set(known) => Some(known),
            Found::NotUtf8 => return Err(problem::not_utf8_in_environment(line, self.text.column(dollar))),
            Found::Unreadable(problem) => return Err(problem),
        };
        let known = known.filter(|known| !(known.is_empty() && operator.starts_with(':')));
        let start = raw.range.start + name.len() + operator.len();
        let word = Raw { range: start..raw.range.end, quote: raw.quote };
        match (operator.trim_start_matches(':'), known) {
            ("+", Some(_)) | ("-", None) if !name.is_empty() => self.write(value, &word, depth - 1),
            ("+", None) => Ok(()),
            (_, Some(known)) => {
                value.push_str(&known);
                Ok(())
            }
            _ => Err(self.not_set(name, dollar)),
        }
    }

    /// A name may hold characters that are operators elsewhere: what is known by such a name comes first.
    fn name_and_operator<'t>(&self, inside: &'t str) -> (&'t str, &'t str) {
        let is_known = |name| matches!(self.get(name), Found::Set(_) | Found::Unreadable(_));
        if is_known(inside) {
            return (inside, "");
        }
        let colon = inside.find(':').and_then(|end| Some((&inside[..end], operator(&inside[end..])?)));
        if let Some((name, operator)) = colon.filter(|(name, _)| is_known(name)) {
            return (name, operator);
        }
        let (name, rest) = inside.split_at(name_length(inside));
        operator(rest).map(|operator| (name, operator)).or(colon).unwrap_or((inside, ""))
    }

    fn not_set(&self, name: &str, dollar: usize) -> Problem {
        let line = self.text.line(dollar);
        let below = self.items.iter().find_map(|item| match item {
            Item::Statement(statement) if statement.name == name && statement.value.is_some() => {
                Some(self.text.line(statement.start)).filter(|below| *below > line)
            }
            _ => None,
        });
        // A password may have these characters, too; few have the form of a variable's name.
        let is_name = name_length(name) == name.len() && name.contains('_') && name.to_uppercase() == name;
        let shown = Some(name).filter(|_| is_name || below.is_some());
        problem::not_set(line, self.text.column(dollar), shown, below)
    }

    /// A variable. Empty ones of the environment count as unset, as everywhere.
    fn get(&self, name: &str) -> Found {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Found::Nothing;
        }
        match self.environment.variable(name) {
            Ok(Some(value)) => return Found::Set(value),
            Err(_) => return Found::NotUtf8,
            Ok(None) => {}
        }
        match self.variables.get(name).map(|variable| &variable.value) {
            None | Some(Ok(None)) => Found::Nothing,
            Some(Ok(Some(value))) => Found::Set(value.clone()),
            Some(Err(problem)) => Found::Unreadable(problem.clone()),
        }
    }
}

/// What is known of a variable.
enum Found {
    Nothing,
    Set(String),
    /// It is in the file, and cannot be read.
    Unreadable(Problem),
    /// It is in the environment, and is not UTF-8.
    NotUtf8,
}

/// The character that an escape represents. An escape is two characters long.
fn escaped(rest: &str, quote: Quote) -> Option<char> {
    let mut characters = rest.chars();
    if characters.next() != Some('\\') {
        return None;
    }
    let c = characters.next()?;
    match (quote, c) {
        (Quote::None, _) => None,
        (_, '\\' | '\'') => Some(c),
        (Quote::Single, _) => None,
        (Quote::Double, c) => Some(match c {
            '"' | '$' => c,
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            _ => return None,
        }),
    }
}

fn operator(rest: &str) -> Option<&'static str> {
    [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| rest.starts_with(operator))
}

/// Where the brace is that closes the `${` at the start.
fn closing(rest: &str, quote: Quote) -> Option<usize> {
    let inside = rest.strip_prefix("${")?;
    let (mut open, mut position) = (1, 0);
    while let Some(c) = inside[position..].chars().next() {
        let here = &inside[position..];
        if escaped(here, quote).is_some() {
            position += 2;
            continue;
        }
        if here.starts_with("${") {
            open += 1;
            position += 1;
        } else if c == '}' {
            open -= 1;
            if open == 0 {
                return Some(position + 2);
            }
        }
        position += c.len_utf8();
    }
    None
}

/// How much of the start is a name: letters, digits and `_`, and no digit first.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}
