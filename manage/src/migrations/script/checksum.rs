//! The checksum of SQL. It distinguishes an edited migration from one whose file only looks different.
//!
//! The algorithm `sql-1` takes the statements as this crate's lexer reads them: between tokens is the byte
//! 0x1F, after each statement 0x1E, and the SHA-256 of all is written in hexadecimal digits. So comments,
//! white space between tokens, delimiters and a byte order mark do not matter; executed comments and
//! optimizer hints are tokens. A string directly after a word, such as `E'…'`, is one token with it. In a
//! token of several lines, such as a function's body, line ends and the white space before them do not
//! matter.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::lexer::{Kind, Lexer};
use super::{Script, Statement};

/// The algorithm's name, with which its checksums begin. Another algorithm gets another name.
const ALGORITHM: &str = "sql-1-sha256:";

const TOKEN: u8 = 0x1f;
const STATEMENT: u8 = 0x1e;

/// The checksum of statements that are added one by one.
#[derive(Clone, Default)]
pub(in crate::migrations) struct Checksum(Sha256);

impl Checksum {
    pub(in crate::migrations) fn of<'a>(statements: impl IntoIterator<Item = Statement<'a>>) -> Self {
        let mut checksum = Self::default();
        statements.into_iter().for_each(|statement| checksum.add(statement));
        checksum
    }

    pub(in crate::migrations) fn add(&mut self, statement: Statement<'_>) {
        let mut text = Vec::with_capacity(statement.text().len());
        write_tokens(statement, &mut text);
        text.push(STATEMENT);
        self.0.update(&text);
    }

    /// Returns the algorithm's name and the digits.
    pub(in crate::migrations) fn text(&self) -> String {
        let mut text = ALGORITHM.to_owned();
        for byte in self.0.clone().finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Returns whether a checksum is one of this algorithm, and not of a later version's.
pub(in crate::migrations) fn is_known_checksum(checksum: &str) -> bool {
    checksum.starts_with(ALGORITHM)
}

impl Script {
    /// Returns the checksum of the whole file.
    pub(in crate::migrations) fn checksum(&self) -> String {
        Checksum::of(self.statements()).text()
    }

    /// Returns the hash of its text.
    pub(in crate::migrations) fn text_hash(&self) -> String {
        text_hash(&self.text)
    }
}

/// Returns a hash of a file's text, byte for byte: FNV-1a. If it is the same, so is the checksum, which takes
/// longer.
pub(in crate::migrations) fn text_hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn write_tokens(statement: Statement<'_>, text: &mut Vec<u8>) {
    let sql = statement.text();
    let mut lexer = Lexer::with_hints(sql, statement.script.backend);
    let mut end_of_word = None;
    while let Some(token) = lexer.next() {
        let is_prefixed = token.kind == Kind::Quoted && end_of_word == Some(token.range.start);
        if !text.is_empty() && !is_prefixed {
            text.push(TOKEN);
        }
        end_of_word = (token.kind == Kind::Word).then_some(token.range.end);
        let token = &sql[token.range];
        for (i, line) in token.split('\n').enumerate() {
            if i > 0 {
                while text.last().is_some_and(|last| b" \t\r".contains(last)) {
                    text.pop();
                }
                text.push(b'\n');
            }
            text.extend(line.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Backend;

    fn of(sql: &str, backend: Backend) -> String {
        Script::new(sql, backend).checksum()
    }

    const FUNCTION: &str =
        "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND\n$$ LANGUAGE plpgsql;";

    /// A file whose checksum changes would count as edited in every database that has it.
    #[test]
    fn checksums_never_change() {
        for (sql, backend, expected) in [
            ("", Backend::Sqlite, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                "CREATE TABLE a (id INTEGER);",
                Backend::Sqlite,
                "63a1548f63f61337b4c72b64642ad1db9082d2e9c9c8e4072406e56f9edcfd34",
            ),
            (
                "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1)",
                Backend::Postgres,
                "86c2a2567427b7dfe04edb92c8443ca799c428cfef25b4bb1ab6d2f9a8e7b705",
            ),
            (FUNCTION, Backend::Postgres, "ff906bd17dcd5b8484222a3fcec41a444adee8796d0b10d5d555a4f54d90c801"),
            (
                "/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @a = 'ä' */;",
                Backend::Mysql,
                "629dbf1eef74da42be55cbddd64b1a57cb26ae1ed0bbd4a311dbab3c6e5809c2",
            ),
            (
                "SELECT /*+ NO_ICP(a) */ E'a\\'b' FROM a",
                Backend::Postgres,
                "384d925c85a4f155507c3b2d332f5777fddf803ac333c0adf73e07e27bc6aeb6",
            ),
        ] {
            assert_eq!(of(sql, backend), format!("sql-1-sha256:{expected}"), "{sql}");
        }
    }

    #[test]
    fn what_only_looks_different_is_the_same() {
        for backend in [Backend::Sqlite, Backend::Postgres, Backend::Mysql] {
            let plain = of("CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES ('x');", backend);
            for same in [
                "\u{feff}-- © 2026, all rights reserved\r\nCREATE TABLE a (id INTEGER);\r\nINSERT INTO a VALUES ('x');\r\n",
                "CREATE  TABLE a\t( id INTEGER ) ;;\n\n/* ; */ INSERT INTO a\n  VALUES ( 'x' ) -- the end",
            ] {
                assert_eq!(of(same, backend), plain, "{backend}: {same}");
            }
            for other in [
                "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES ('x ');",
                "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES ('X');",
                "CREATE TABLE a (id BIGINT);\nINSERT INTO a VALUES ('x');",
                "CREATE TABLE a (id INTEGER);",
                "INSERT INTO a VALUES ('x');\nCREATE TABLE a (id INTEGER);",
                "CREATE TABLE a (id INTEGER) INSERT INTO a VALUES ('x');",
            ] {
                assert_ne!(of(other, backend), plain, "{backend}: {other}");
            }
        }
        let function = of(FUNCTION, Backend::Postgres);
        assert_eq!(of(&FUNCTION.replace('\n', "\r\n"), Backend::Postgres), function);
        assert_eq!(of(&FUNCTION.replace("RETURN 1;", "RETURN 1;  \t"), Backend::Postgres), function);
        assert_ne!(of(&FUNCTION.replace("RETURN 1;", "RETURN 2;"), Backend::Postgres), function);
    }

    #[test]
    fn what_is_executed_counts() {
        let plain = of("SELECT 1", Backend::Mysql);
        assert_ne!(of("SELECT /*!80000 2, */ 1", Backend::Mysql), plain);
        assert_ne!(of("SELECT /*+ NO_ICP(a) */ 1", Backend::Mysql), plain);
        assert_ne!(
            of("SELECT /*+ NO_ICP(a) */ 1", Backend::Mysql),
            of("SELECT /*+ NO_ICP(b) */ 1", Backend::Mysql)
        );
        assert_eq!(of("SELECT /* NO_ICP(a) */ 1", Backend::Mysql), plain);
        assert_eq!(of("DELIMITER $$\nSELECT 1$$", Backend::Mysql), plain);
        assert_ne!(of("SELECT E'a'", Backend::Postgres), of("SELECT E 'a'", Backend::Postgres));
        assert_eq!(of("SELECT /*+ a */ 1", Backend::Sqlite), of("SELECT 1", Backend::Sqlite));
    }
}
