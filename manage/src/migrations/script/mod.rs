//! The SQL of a migration: its statements, each with its position in the file.

mod checksum;
mod created;
#[cfg(all(test, unix))]
mod fuzz;
#[cfg(feature = "lint")]
mod lexemes;
mod lexer;
mod split;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::lexer::{Kind, Lexer};
use crate::settings::Backend;

pub(super) use checksum::{Checksum, is_known_checksum, text_hash};
#[cfg(feature = "lint")]
pub(super) use lexemes::Lexeme;

/// The text of a migration's file, split into statements.
#[derive(Clone, Debug)]
pub(super) struct Script {
    text: String,
    backend: Backend,
    statements: Vec<Range<usize>>,
    /// The positions of line ends, in bytes.
    newlines: Vec<usize>,
}

/// A statement and its position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    script: &'a Script,
    /// In bytes, from the beginning of the file.
    start: usize,
    end: usize,
}

impl Script {
    pub(super) fn new(text: impl Into<String>, backend: Backend) -> Self {
        let text = text.into();
        let statements = split::statements(&text, backend);
        let newlines = text.match_indices('\n').map(|(position, _)| position).collect();
        Self { text, backend, statements, newlines }
    }

    /// Returns the statements. A file that is empty or contains only comments has none.
    pub(super) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        self.statements.iter().map(|range| Statement { script: self, start: range.start, end: range.end })
    }

    pub(super) fn backend(&self) -> Backend {
        self.backend
    }

    /// Returns the number of the line that contains a byte, from 1.
    fn line_of(&self, offset: usize) -> usize {
        self.newlines.partition_point(|newline| *newline < offset) + 1
    }
}

impl<'a> Statement<'a> {
    /// Returns the statement, without its delimiter.
    pub(super) fn text(&self) -> &'a str {
        &self.script.text[self.start..self.end]
    }

    /// Returns the line in which it begins, from 1.
    pub(super) fn line(&self) -> usize {
        self.script.line_of(self.start)
    }

    /// Returns the line of the file that contains a character of the statement: its number, its text, and the
    /// number of characters before it. Characters are counted from 0; one after the end is allowed.
    pub(super) fn locate(&self, character: usize) -> Place {
        let text = self.text();
        let bytes = text.char_indices().nth(character).map_or(text.len(), |(i, _)| i);
        let offset = self.start + bytes;
        let whole = &self.script.text;
        let begin = whole[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let line = whole[begin..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let column = whole[begin..offset].chars().count();
        Place { line: self.script.line_of(offset), text: line.to_owned(), column }
    }

    /// Returns the position of one of its lines, from 1, or of the last one.
    pub(super) fn locate_line(&self, line: usize) -> Place {
        let text = self.text();
        let newline = line
            .checked_sub(2)
            .and_then(|nth| text.char_indices().enumerate().filter(|(_, (_, c))| *c == '\n').nth(nth));
        let start = match (line, newline) {
            (..=1, _) => 0,
            (_, Some((character, _))) => character + 1,
            (_, None) => usize::MAX,
        };
        self.locate(start)
    }

    /// Returns the position of a text that occurs once in the statement.
    pub(super) fn locate_text(&self, text: &str) -> Option<Place> {
        let mut found = self.text().match_indices(text).map(|(i, _)| self.text()[..i].chars().count());
        let first = found.next()?;
        found.next().is_none().then(|| self.locate(first))
    }

    /// Returns up to `count` of its first words, in capitals. Quoted text is skipped.
    pub(super) fn words(&self, count: usize) -> Vec<String> {
        self.tokens(|kind| kind == Kind::Word).take(count).map(str::to_ascii_uppercase).collect()
    }

    /// Returns all words in capitals, including those in quotes.
    pub(super) fn unquoted_words(&self) -> Vec<String> {
        let bare = |text: &str| text.trim_matches(['\'', '"', '`', '[', ']']).to_ascii_uppercase();
        self.tokens(|kind| matches!(kind, Kind::Word | Kind::Quoted)).map(bare).collect()
    }

    /// Returns all words in capitals, quoted texts and other characters.
    pub(super) fn parts(&self) -> Vec<String> {
        let is_part = |kind| matches!(kind, Kind::Word | Kind::Quoted | Kind::Other(_));
        let quotes: &[char] = &['\'', '"', '`', '['];
        let part = |text: &str| {
            if text.contains(quotes) { text.to_owned() } else { text.to_ascii_uppercase() }
        };
        self.tokens(is_part).map(part).collect()
    }

    /// Returns the position after one of its words, counted from 0.
    pub(super) fn end_of_word(&self, nth: usize) -> Option<usize> {
        let mut lexer = Lexer::new(self.text(), self.script.backend);
        let words = std::iter::from_fn(move || lexer.next()).filter(|token| token.kind == Kind::Word);
        words.map(|token| token.range.end).nth(nth)
    }

    fn tokens(&self, mut is_meant: impl FnMut(Kind) -> bool) -> impl Iterator<Item = &'a str> {
        let text = self.text();
        let mut lexer = Lexer::new(text, self.script.backend);
        std::iter::from_fn(move || lexer.next())
            .filter(move |token| is_meant(token.kind))
            .map(move |token| &text[token.range])
    }
}

/// A line of a file, and a character in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: usize,
    /// Without its line ending.
    pub(super) text: String,
    /// The number of characters before the position.
    pub(crate) column: usize,
}
