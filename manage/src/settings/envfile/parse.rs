//! The statements of a `.env` file, by python-dotenv's rules.

use std::ops::Range;

use super::problem::{self, Problem};

/// A file's text: newlines are `\n`, and bytes that are not UTF-8 are replaced and remembered.
pub(super) struct Text {
    text: String,
    /// The start of each line.
    lines: Vec<usize>,
    /// The positions of replaced bytes.
    damaged: Vec<usize>,
}

impl Text {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(problem::utf16());
        }
        let (mut text, mut damaged) = (String::with_capacity(bytes.len()), Vec::new());
        for chunk in bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).utf8_chunks() {
            text.push_str(&chunk.valid().replace("\r\n", "\n").replace('\r', "\n"));
            if !chunk.invalid().is_empty() {
                damaged.push(text.len());
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        let starts = text.match_indices('\n').map(|(position, _)| position + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        let text = Self { text, lines, damaged };
        match text.text.find('\0') {
            Some(position) => Err(problem::nul(text.line(position))),
            None => Ok(text),
        }
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        &self.text[range]
    }

    /// Returns the line of a position, counted from 1.
    pub(super) fn line(&self, position: usize) -> usize {
        self.lines.partition_point(|start| *start <= position)
    }

    /// Returns the column of a position in characters, counted from 1.
    pub(super) fn column(&self, position: usize) -> usize {
        let start = self.lines[self.line(position) - 1];
        self.text[start..position].chars().count() + 1
    }

    pub(super) fn is_damaged(&self, range: &Range<usize>) -> bool {
        let next = self.damaged.partition_point(|position| *position < range.start);
        self.damaged.get(next).is_some_and(|position| range.contains(position))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

/// A value as written, without the enclosing quotes.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) range: Range<usize>,
    pub(super) quote: Quote,
}

pub(super) struct Statement {
    pub(super) name: String,
    /// `None`: only a name.
    pub(super) value: Option<Raw>,
    pub(super) start: usize,
}

/// Text that is not a statement, and the variables that it may have been meant to set.
pub(super) struct Broken {
    pub(super) problem: Problem,
    pub(super) names: Vec<String>,
}

pub(super) enum Item {
    Statement(Statement),
    Broken(Broken),
}

pub(super) fn items(text: &Text) -> impl Iterator<Item = Item> {
    let mut reader = Reader { text: &text.text, position: 0 };
    std::iter::from_fn(move || {
        loop {
            reader.skip(is_space);
            if reader.rest().is_empty() {
                return None;
            }
            let start = reader.position;
            reader.skip_export();
            if reader.rest().starts_with('#') {
                reader.skip(|c| c != '\n');
                continue;
            }
            return Some(match reader.statement() {
                Ok(statement) => Item::Statement(Statement { start, ..statement }),
                Err(slip) => {
                    let closing = reader.position;
                    reader.skip(|c| c != '\n');
                    let line = text.line(start);
                    let problem = match slip {
                        Slip::NoName => problem::no_equal_sign(line),
                        Slip::Unclosed => problem::unclosed_quote(line),
                        Slip::AfterQuote => problem::after_the_quote(line, text.line(closing)),
                    };
                    Item::Broken(Broken { problem, names: names(text.slice(start..reader.position)) })
                }
            });
        }
    })
}

/// Why a text is not a statement.
enum Slip {
    NoName,
    Unclosed,
    AfterQuote,
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn skip(&mut self, matches: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !matches(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn skip_export(&mut self) {
        if self.rest().strip_prefix("export").is_some_and(|after| after.starts_with(is_blank)) {
            self.position += "export".len();
            self.skip(is_blank);
        }
    }

    fn statement(&mut self) -> Result<Statement, Slip> {
        let name = self.name()?;
        self.skip(is_blank);
        let mut slip = Slip::NoName;
        let mut value = None;
        if self.rest().starts_with('=') {
            self.position += 1;
            let blank = !self.skip(is_blank).is_empty();
            let raw = self.value(blank)?;
            if raw.quote != Quote::None {
                slip = Slip::AfterQuote;
            }
            value = Some(raw);
        }
        let before = self.position;
        self.skip(is_blank);
        if self.rest().starts_with('#') {
            self.skip(|c| c != '\n');
        }
        if !self.rest().is_empty() && !self.rest().starts_with('\n') {
            self.position = before;
            return Err(slip);
        }
        Ok(Statement { name, value, start: 0 })
    }

    /// Parses a name: everything up to the equal sign, without enclosing quotes.
    fn name(&mut self) -> Result<String, Slip> {
        if let Some(quoted) = self.rest().strip_prefix('\'') {
            let length = quoted.find('\'').filter(|length| *length > 0).ok_or(Slip::NoName)?;
            self.position += length + 2;
            return Ok(quoted[..length].to_owned());
        }
        let name = self.skip(|c| c != '=' && c != '#' && !is_space(c));
        if name.is_empty() {
            return Err(Slip::NoName);
        }
        let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        Ok(inside.filter(|name| !name.is_empty()).unwrap_or(name).to_owned())
    }

    fn value(&mut self, after_blank: bool) -> Result<Raw, Slip> {
        let start = self.position;
        let quote = match self.rest().chars().next() {
            Some('#') if after_blank => return Ok(Raw { range: start..start, quote: Quote::None }),
            Some('\'') => Quote::Single,
            Some('"') => Quote::Double,
            _ => {
                let line = self.skip(|c| c != '\n');
                let length = without_comment(line).trim_end_matches(is_space).len();
                return Ok(Raw { range: start..start + length, quote: Quote::None });
            }
        };
        let mark = if quote == Quote::Single { '\'' } else { '"' };
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((position, c)) = characters.next() {
            if c == mark {
                self.position = start + position + 1;
                return Ok(Raw { range: start + 1..start + position, quote });
            }
            if c == '\\' {
                characters.next();
            }
        }
        Err(Slip::Unclosed)
    }
}

/// Removes a comment, which begins with a `#` after white space.
fn without_comment(line: &str) -> &str {
    let mut after_space = false;
    for (position, c) in line.char_indices() {
        if c == '#' && after_space {
            return &line[..position];
        }
        after_space = is_space(c);
    }
    line
}

/// Returns the variables that an invalid statement may have been meant to set: those of its first line
/// (`NAME: x`, `set NAME=x`, `A='1' B=2`), and those of later lines that resemble statements.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start_matches(is_space);
        let line = line
            .strip_prefix("export")
            .filter(|rest| rest.starts_with(is_blank))
            .map_or(line, |rest| rest.trim_start_matches(is_blank));
        let mut words = words(line);
        let first = words.next().filter(|(start, ..)| line[..*start].chars().all(|c| "'\"".contains(c)));
        let first = first.filter(|(_, _, is_set)| number == 0 || *is_set);
        let others = words.filter(|(_, _, is_set)| number == 0 && *is_set);
        names.extend(first.into_iter().chain(others).map(|(_, word, _)| word.to_owned()));
    }
    names
}

/// Returns the words of a line that may be names: their positions, and whether an equal sign follows.
fn words(line: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let start = position + line[position..].find(is_of_name)?;
        let rest = &line[start..];
        let (word, after) = rest.split_at(rest.find(|c| !is_of_name(c)).unwrap_or(rest.len()));
        position = start + word.len();
        let after = after.trim_start_matches(['\'', '"']).trim_start_matches(is_blank);
        Some((start, word, after.starts_with('=')))
    })
}

/// Returns the variable that a name such as `NAME:value` or `$env:NAME` probably means.
pub(super) fn names_meant(name: &str) -> impl Iterator<Item = &str> {
    let pieces = name.contains(':').then(|| [name.split(':').next(), name.rsplit(':').next()]);
    pieces.into_iter().flatten().flatten().filter(|piece| !piece.is_empty() && piece.chars().all(is_of_name))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.".contains(c)
}

/// White space, as Python defines it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn is_blank(c: char) -> bool {
    c != '\n' && is_space(c)
}
