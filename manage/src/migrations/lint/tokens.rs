//! Reads the words of a statement.

use crate::migrations::script::{Lexeme, Statement};

/// A word, a quoted text or another character.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// A word in capitals; a quoted text as it is written.
    pub(super) word: String,
    text: &'a str,
    is_quoted: bool,
    /// In bytes, from the beginning of the file.
    pub(super) start: usize,
    /// The number of parentheses around it.
    depth: usize,
}

/// Returns the tokens of a statement.
pub(super) fn tokens<'a>(statement: &Statement<'a>) -> Vec<Token<'a>> {
    let mut depth = 0_usize;
    let token = |Lexeme { text, is_quoted, start }: Lexeme<'a>| {
        if !is_quoted && text == ")" {
            depth = depth.saturating_sub(1);
        }
        let word = if is_quoted { text.to_owned() } else { text.to_ascii_uppercase() };
        let token = Token { word, text, is_quoted, start, depth };
        if !is_quoted && text == "(" {
            depth += 1;
        }
        token
    };
    statement.lexemes().into_iter().map(token).collect()
}

/// A part of a statement that is read from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'t>(pub(super) &'t [Token<'t>]);

impl<'t> Reader<'t> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns the position of the next token, in bytes.
    pub(super) fn start(self) -> Option<usize> {
        self.0.first().map(|token| token.start)
    }

    /// Returns the next word, in capitals; an empty text at the end.
    pub(super) fn word(self) -> &'t str {
        self.0.first().map_or("", |token| token.word.as_str())
    }

    /// Returns whether the next words are these.
    pub(super) fn is(self, words: &[&str]) -> bool {
        self.0.len() >= words.len() && words.iter().zip(self.0).all(|(word, token)| token.word == *word)
    }

    /// Skips these words, if they are next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let is = self.is(words);
        if is {
            self.0 = &self.0[words.len()..];
        }
        is
    }

    /// Skips any of these words.
    pub(super) fn eat_any(&mut self, words: &[&str]) {
        while !self.is_empty() && words.contains(&self.word()) {
            self.skip(1);
        }
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.0 = &self.0[count.min(self.0.len())..];
    }

    /// Skips what is in parentheses, if it is next.
    pub(super) fn eat_parentheses(&mut self) -> bool {
        let Some(depth) = self.0.first().filter(|token| token.word == "(").map(|token| token.depth) else {
            return false;
        };
        let end = self.0.iter().position(|token| token.word == ")" && token.depth == depth);
        self.skip(end.map_or(self.0.len(), |end| end + 1));
        true
    }

    /// Skips `IF EXISTS` or `IF NOT EXISTS`.
    pub(super) fn eat_if_exists(&mut self) {
        let _ = self.eat(&["IF", "EXISTS"]) || self.eat(&["IF", "NOT", "EXISTS"]);
    }

    /// Reads a name, such as `shop.orders`, in lower case and without quotes. Returns an empty text if there
    /// is none.
    pub(super) fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(token) = self.0.first() {
            if !token.is_quoted && !token.text.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                break;
            }
            name.push_str(&unquoted(token));
            self.skip(1);
            if !self.is(&["."]) {
                break;
            }
            name.push('.');
            self.skip(1);
        }
        name
    }

    /// Returns whether the next token is a text in single quotes.
    pub(super) fn is_string(self) -> bool {
        self.0.first().is_some_and(|token| token.is_quoted && token.text.starts_with('\''))
    }

    /// Iterates over the names that PostgreSQL cuts, since they have more than 63 bytes.
    pub(super) fn long_names(self) -> impl Iterator<Item = Reader<'t>> {
        let is_name = |token: &Token<'_>| match token.is_quoted {
            true => token.text.starts_with('"'),
            false => token.text.starts_with(|c: char| c.is_alphabetic() || c == '_'),
        };
        let is_long = move |token: &Token<'_>| is_name(token) && unquoted(token).len() > 63;
        (0..self.0.len()).filter(move |nth| is_long(&self.0[*nth])).map(move |nth| Reader(&self.0[nth..]))
    }

    /// Returns whether these words follow each other outside of parentheses.
    pub(super) fn has(self, words: &[&str]) -> bool {
        self.after(words).is_some()
    }

    /// Returns what follows these words outside of parentheses.
    pub(super) fn after(self, words: &[&str]) -> Option<Reader<'t>> {
        let depth = self.0.first()?.depth;
        let starts = self.0.iter().enumerate().filter(|(_, token)| token.depth == depth);
        let mut found = starts.map(|(i, _)| Reader(&self.0[i..])).filter(|rest| rest.is(words));
        found.next().map(|rest| Reader(&rest.0[words.len()..]))
    }

    /// Returns the tokens up to one of these words, outside of parentheses.
    pub(super) fn until(self, words: &[&str]) -> Reader<'t> {
        let depth = self.0.first().map_or(0, |token| token.depth);
        let is_end = |token: &Token<'_>| token.depth == depth && words.contains(&token.word.as_str());
        let end = self.0.iter().position(is_end).unwrap_or(self.0.len());
        Reader(&self.0[..end])
    }

    /// Divides it at its commas, outside of parentheses.
    pub(super) fn parts(self) -> Vec<Reader<'t>> {
        let depth = self.0.first().map_or(0, |token| token.depth);
        let is_comma = |token: &Token<'_>| token.depth == depth && token.word == ",";
        self.0.split(is_comma).map(Reader).filter(|part| !part.is_empty()).collect()
    }

    /// Returns the content of the parentheses that are next.
    pub(super) fn inside(self) -> Reader<'t> {
        let mut rest = self;
        if !rest.eat_parentheses() {
            return Reader(&[]);
        }
        Reader(&self.0[1..(self.0.len() - rest.0.len()).saturating_sub(1).max(1)])
    }
}

fn unquoted(token: &Token<'_>) -> String {
    let bare = token.text.trim_matches(['"', '`', '[', ']', '\'']);
    bare.replace("\"\"", "\"").to_lowercase()
}
