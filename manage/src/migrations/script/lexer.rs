//! A lexer for SQL, according to each backend's own tools. It recognizes just enough to find the end of a
//! statement.

use std::ops::Range;

use crate::settings::Backend;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name without quotes, or a number.
    Word,
    /// A string or a name in quotes.
    Quoted,
    /// The end of a statement.
    Delimiter,
    /// The beginning of one of MySQL's executable comments: `/*!50003`.
    ConditionalStart,
    /// The end of an executable comment.
    ConditionalEnd,
    /// An optimizer hint: `/*+ … */`. Only [`Lexer::with_hints`] reads it, for others it is a comment.
    Hint,
    /// Any other character.
    Other(char),
}

/// A token and its position in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// Reads tokens, and skips white space and comments.
pub(super) struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    backend: Backend,
    /// The delimiter of statements. `DELIMITER` lines of MySQL's client change it.
    delimiter: &'a str,
    is_conditional: bool,
    reads_hints: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str, backend: Backend) -> Self {
        Self { sql, at: 0, backend, delimiter: ";", is_conditional: false, reads_hints: false }
    }

    pub(super) fn with_hints(sql: &'a str, backend: Backend) -> Self {
        Self { reads_hints: backend != Backend::Sqlite, ..Self::new(sql, backend) }
    }

    pub(super) fn is_standard_delimiter(&self) -> bool {
        self.delimiter == ";"
    }

    /// Reads the rest of the line after the word `DELIMITER`. Returns false if it contains no delimiter.
    pub(super) fn take_delimiter(&mut self) -> bool {
        let line = self.rest().split(['\n', '\r']).next().unwrap_or_default();
        let Some(delimiter) = line.split_whitespace().next() else { return false };
        self.delimiter = delimiter;
        self.at += line.len();
        true
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let start = self.at;
        let first = self.rest().chars().next()?;
        let kind = self.token(first);
        Some(Token { kind, range: start..self.at })
    }

    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    fn starts_with(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn is_mysql(&self) -> bool {
        self.backend == Backend::Mysql
    }

    /// Skips to the end of the next occurrence of a text, or to the end of the input.
    fn skip_behind(&mut self, text: &str) {
        self.at = self.rest().find(text).map_or(self.sql.len(), |found| self.at + found + text.len());
    }

    /// Skips a line. For PostgreSQL, a carriage return alone also ends it.
    fn skip_line(&mut self) {
        let ends: &[char] = if self.backend == Backend::Postgres { &['\n', '\r'] } else { &['\n'] };
        self.at = self.rest().find(ends).map_or(self.sql.len(), |end| self.at + end + 1);
    }

    /// Skips white space, comments, and the byte order mark at the beginning of a file.
    fn skip_blanks(&mut self) {
        loop {
            let trimmed = self.rest().trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at = self.sql.len() - trimmed.len();
            if self.is_line_comment() || self.is_dump_mark() {
                self.skip_line();
            } else if self.starts_with("/*") && !self.is_conditional_start() && !self.is_hint() {
                self.skip_comment();
            } else {
                return;
            }
        }
    }

    fn is_line_comment(&self) -> bool {
        if self.is_mysql() && self.starts_with("#") {
            return !self.at_delimiter();
        }
        // For MySQL, `5--1` is a subtraction.
        let after = self.rest().strip_prefix("--").map(|rest| rest.chars().next());
        match after {
            Some(Some(next)) => !self.is_mysql() || next.is_whitespace() || next.is_control(),
            Some(None) => true,
            None => false,
        }
    }

    /// Returns whether this is `\restrict` or `\unrestrict`, with which `pg_dump` begins and ends its files.
    /// They forbid commands of `psql`, which are not supported here.
    fn is_dump_mark(&self) -> bool {
        self.backend == Backend::Postgres
            && ["\\restrict ", "\\unrestrict "].iter().any(|mark| self.starts_with(mark))
    }

    fn is_conditional_start(&self) -> bool {
        self.is_mysql() && (self.starts_with("/*!") || self.starts_with("/*M!"))
    }

    fn is_hint(&self) -> bool {
        self.reads_hints && self.starts_with("/*+")
    }

    fn skip_comment(&mut self) {
        if self.backend != Backend::Postgres {
            self.at += 2;
            return self.skip_behind("*/");
        }
        let mut depth = 0;
        while self.at < self.sql.len() {
            if self.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    fn at_delimiter(&self) -> bool {
        // Inside an executable comment, the server finds the end of the statement.
        !self.is_conditional && self.starts_with(self.delimiter)
    }

    fn token(&mut self, first: char) -> Kind {
        if self.at_delimiter() {
            self.at += self.delimiter.len();
            return Kind::Delimiter;
        }
        if self.is_conditional_start() {
            self.at += if self.starts_with("/*!") { 3 } else { 4 };
            let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
            self.at += digits;
            self.is_conditional = true;
            return Kind::ConditionalStart;
        }
        if self.is_hint() {
            self.skip_comment();
            return Kind::Hint;
        }
        if self.is_conditional && self.starts_with("*/") {
            self.at += 2;
            self.is_conditional = false;
            return Kind::ConditionalEnd;
        }
        match (self.backend, first) {
            (Backend::Mysql, '\'' | '"') => self.quoted(first, true),
            (Backend::Postgres | Backend::Sqlite, '\'' | '"') => self.quoted(first, false),
            (Backend::Mysql | Backend::Sqlite, '`') => self.quoted('`', false),
            (Backend::Sqlite, '[') => {
                self.skip_behind("]");
                Kind::Quoted
            }
            (Backend::Postgres, '$') => self.dollar(),
            (_, first) if is_word_part(first) => self.word(),
            (_, first) => {
                self.at += first.len_utf8();
                Kind::Other(first)
            }
        }
    }

    /// Reads quoted text. It may contain a doubled quote, or one that a backslash escapes.
    fn quoted(&mut self, quote: char, escapes: bool) -> Kind {
        self.at += 1;
        let mut chars = self.rest().char_indices().peekable();
        let mut end = self.sql.len();
        while let Some((i, c)) = chars.next() {
            if escapes && c == '\\' {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                end = self.at + i + 1;
                break;
            }
        }
        self.at = end;
        Kind::Quoted
    }

    /// Reads PostgreSQL's `$$…$$` or `$name$…$name$`, or else a parameter or a single character.
    fn dollar(&mut self) -> Kind {
        let name = self.rest()[1..].split('$').next().unwrap_or_default();
        let is_name = name.chars().all(is_word_part) && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name || !self.rest()[1 + name.len()..].starts_with('$') {
            self.at += 1;
            return Kind::Other('$');
        }
        let tag = &self.rest()[..name.len() + 2];
        self.at += tag.len();
        self.skip_behind(tag);
        Kind::Quoted
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        while let Some(c) = self.rest().chars().next() {
            // `END$$` is a word and a delimiter, if the delimiter is `$$`.
            let goes_on = is_word_part(c) || c == '$';
            if !goes_on || (self.at > start && self.at_delimiter()) {
                break;
            }
            self.at += c.len_utf8();
        }
        let is_escape_string = self.backend == Backend::Postgres
            && self.starts_with("'")
            && self.sql[start..self.at].eq_ignore_ascii_case("e");
        if is_escape_string { self.quoted('\'', true) } else { Kind::Word }
    }
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || !c.is_ascii()
}
