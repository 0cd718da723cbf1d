//! Expands a value: escapes, and references to other variables.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

use super::parse::{Item, Quote, Raw, Text};
use super::problem::{self, Problem};
use super::{Environment, Variable};

/// Maximum nesting: defaults may contain references, which may have defaults.
const DEPTH: usize = 16;

/// The maximum size of a value with references, in bytes.
const LONGEST: usize = 1 << 20;

/// The maximum size of all references of a file together: even with a limit for each value, a small file with
/// many references to a long one could exhaust the memory.
const ALL: usize = 16 << 20;

/// The lines of the statements that set each variable, in ascending order.
pub(super) type Lines<'a> = BTreeMap<&'a str, Vec<usize>>;

/// What a reference can refer to: the environment and, with lower precedence, the preceding statements of the
/// file.
pub(super) struct Known<'a> {
    pub(super) environment: &'a Environment,
    pub(super) variables: &'a BTreeMap<String, Variable>,
    pub(super) lines: &'a Lines<'a>,
    pub(super) text: &'a Text,
    /// How many bytes references have produced so far.
    pub(super) made: &'a Cell<usize>,
}

/// Returns the lines that set each variable.
pub(super) fn lines<'a>(items: &'a [Item], text: &Text) -> Lines<'a> {
    let mut lines = Lines::new();
    for item in items {
        if let Item::Statement(statement) = item
            && statement.value.is_some()
        {
            lines.entry(&statement.name).or_default().push(text.line(statement.start));
        }
    }
    lines
}

impl Known<'_> {
    /// Expands a value.
    pub(super) fn expand(&self, raw: &Raw) -> Result<String, Problem> {
        let mut value = String::new();
        self.write(&mut value, raw, DEPTH)?;
        Ok(value)
    }

    fn write(&self, value: &mut String, raw: &Raw, depth: usize) -> Result<(), Problem> {
        let text = self.text.slice(raw.range.clone());
        let closings = closings(text, raw.quote);
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
                position = match closings.get(&position) {
                    Some(end) => {
                        let range = at + 2..raw.range.start + end;
                        self.reference(value, &Raw { range, quote: raw.quote }, at, depth)?;
                        end + 1
                    }
                    None => position + self.bare(value, rest, at)?,
                };
            } else {
                value.push(c);
                position += c.len_utf8();
            }
        }
        Ok(())
    }

    /// Expands `$NAME` if it is set; otherwise the dollar sign is literal. Returns the length.
    fn bare(&self, value: &mut String, rest: &str, dollar: usize) -> Result<usize, Problem> {
        let name = &rest[1..1 + name_length(&rest[1..])];
        match self.get(name) {
            Expansion::Set(known) if !known.is_empty() => {
                self.copy(value, &known, dollar)?;
                Ok(1 + name.len())
            }
            Expansion::Unreadable(problem) => Err(problem),
            _ => {
                value.push('$');
                Ok(1)
            }
        }
    }

    /// Expands the content of `${…}`. `dollar` is its position.
    fn reference(&self, value: &mut String, raw: &Raw, dollar: usize, depth: usize) -> Result<(), Problem> {
        let line = self.text.line(dollar);
        if depth == 0 {
            return Err(problem::too_deep(line));
        }
        let inside = self.text.slice(raw.range.clone());
        let (name, operator) = self.name_and_operator(inside);
        let known = match self.get(name) {
            Expansion::Nothing => None,
            Expansion::Set(known) => Some(known),
            Expansion::NotUtf8 => {
                return Err(problem::not_utf8_in_environment(line, self.text.column(dollar)));
            }
            Expansion::Unreadable(problem) => return Err(problem),
        };
        let known = known.filter(|known| !(known.is_empty() && operator.starts_with(':')));
        let start = raw.range.start + name.len() + operator.len();
        let word = Raw { range: start..raw.range.end, quote: raw.quote };
        match (operator.trim_start_matches(':'), known) {
            ("+", Some(_)) | ("-", None) if !name.is_empty() => self.write(value, &word, depth - 1),
            ("+", None) => Ok(()),
            (_, Some(known)) => self.copy(value, &known, dollar),
            _ => Err(self.not_set(name, dollar)),
        }
    }

    /// Appends the value that a reference refers to.
    fn copy(&self, value: &mut String, known: &str, dollar: usize) -> Result<(), Problem> {
        self.made.set(self.made.get() + known.len());
        if self.made.get() > ALL {
            return Err(problem::too_much(self.text.line(dollar)));
        }
        value.push_str(known);
        Ok(())
    }

    /// Splits a name and an operator. A name may contain characters that are also operators: a known name
    /// takes precedence.
    fn name_and_operator<'t>(&self, inside: &'t str) -> (&'t str, &'t str) {
        let is_known = |name| matches!(self.get(name), Expansion::Set(_) | Expansion::Unreadable(_));
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
        let lines = self.lines.get(name).map(Vec::as_slice).unwrap_or_default();
        let below = lines.get(lines.partition_point(|below| *below <= line)).copied();
        // A password may also contain these characters; few passwords have the form of a variable's name.
        let is_name = name_length(name) == name.len() && name.contains('_') && name.to_uppercase() == name;
        let is_plain = !name.contains(char::is_control);
        let shown = Some(name).filter(|_| is_name || (below.is_some() && is_plain));
        problem::not_set(line, self.text.column(dollar), shown, below)
    }

    /// Looks up a variable. Empty environment variables count as unset, as everywhere.
    fn get(&self, name: &str) -> Expansion<'_> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Expansion::Nothing;
        }
        match self.environment.variable(name) {
            Ok(Some(value)) => return Expansion::Set(value.into()),
            Err(_) => return Expansion::NotUtf8,
            Ok(None) => {}
        }
        match self.variables.get(name).map(|variable| &variable.value) {
            None | Some(Ok(None)) => Expansion::Nothing,
            Some(Ok(Some(value))) => Expansion::Set(value.into()),
            Some(Err(problem)) => Expansion::Unreadable(problem.clone()),
        }
    }
}

/// The result of looking up a variable.
enum Expansion<'a> {
    Nothing,
    Set(Cow<'a, str>),
    /// The file sets it, but it cannot be read.
    Unreadable(Problem),
    /// The environment sets it, but not to UTF-8.
    NotUtf8,
}

/// Returns the character that an escape represents. An escape is two characters long.
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

/// Returns the positions of each `${` that has a closing brace, and of that brace. They are found in one
/// pass: a separate search for each would take quadratic time.
fn closings(text: &str, quote: Quote) -> BTreeMap<usize, usize> {
    let (mut open, mut closed, mut position) = (Vec::new(), BTreeMap::new(), 0);
    if quote == Quote::Single || !text.contains("${") {
        return closed;
    }
    while let Some(c) = text[position..].chars().next() {
        let here = &text[position..];
        if escaped(here, quote).is_some() {
            position += 2;
            continue;
        }
        if here.starts_with("${") {
            open.push(position);
            position += 1;
        } else if c == '}'
            && let Some(begin) = open.pop()
        {
            closed.insert(begin, position);
        }
        position += c.len_utf8();
    }
    closed
}

/// Returns the length of the name at the start: letters, digits and `_`, not beginning with a digit.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}
