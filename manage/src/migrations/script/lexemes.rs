//! The tokens of a statement with their positions, and the texts between them, which contain the comments.

use super::lexer::{Kind, Lexer};
use super::{Script, Statement};

/// A word, a quoted text or another character, and its position in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::migrations) struct Lexeme<'a> {
    pub(in crate::migrations) text: &'a str,
    pub(in crate::migrations) is_quoted: bool,
    /// In bytes, from the beginning of the file.
    pub(in crate::migrations) start: usize,
}

impl<'a> Statement<'a> {
    /// Returns the position of its first byte in the file.
    pub(in crate::migrations) fn start(&self) -> usize {
        self.start
    }

    /// Returns the position after its last byte.
    pub(in crate::migrations) fn end(&self) -> usize {
        self.end
    }

    /// Returns its tokens. The content of an executable comment is read as if it were outside.
    pub(in crate::migrations) fn lexemes(&self) -> Vec<Lexeme<'a>> {
        let text = self.text();
        let mut lexer = Lexer::new(text, self.script.backend);
        std::iter::from_fn(|| lexer.next())
            .filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted | Kind::Other(_)))
            .map(|token| Lexeme {
                is_quoted: token.kind == Kind::Quoted,
                start: self.start + token.range.start,
                text: &text[token.range],
            })
            .collect()
    }
}

impl Script {
    /// Returns the texts between the tokens, each with its position: white space, comments and delimiters.
    pub(in crate::migrations) fn gaps(&self) -> Vec<(usize, &str)> {
        let mut gaps = Vec::new();
        let mut end = 0;
        for statement in self.statements() {
            for lexeme in statement.lexemes() {
                gaps.push((end, &self.text[end..lexeme.start]));
                end = lexeme.start + lexeme.text.len();
            }
        }
        gaps.push((end, &self.text[end..]));
        gaps
    }

    /// Returns the line and the column of a byte, both from 1. Columns are counted in characters.
    pub(in crate::migrations) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let begin = self.text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        (self.line_of(offset), self.text[begin..offset].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Backend;

    #[test]
    fn comments_are_in_the_gaps() {
        let sql = "-- é\nDROP /* a */ TABLE \"b;\"; -- c\nSELECT '-- d'";
        let script = Script::new(sql, Backend::Postgres);
        let gaps: Vec<&str> = script.gaps().into_iter().map(|(_, text)| text).collect();
        assert_eq!(gaps, ["-- é\n", " /* a */ ", " ", "; -- c\n", " ", ""]);
        let statement = script.statements().next().expect("one");
        let lexemes = statement.lexemes();
        assert_eq!(script.line_and_column(lexemes[1].start), (2, 14));
        assert_eq!((lexemes[2].text, lexemes[2].is_quoted), ("\"b;\"", true));
    }
}
