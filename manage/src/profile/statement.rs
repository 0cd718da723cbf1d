//! The text of a statement without values that may be secret.

/// The maximum length of a displayed statement.
const LENGTH: usize = 200;

/// Diesel's separator between the SQL and its bound values.
const BINDS: &str = " -- binds: ";

/// The quoting rules of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Double quotes may enclose a string: always in MySQL, and in SQLite if no column has that name.
    /// SQLite's names may also be in brackets.
    #[default]
    Unknown,
    /// Double quotes enclose only names.
    Postgres,
}

impl Quotes {
    /// Returns the quoting rules for the server of a URL. Only the scheme is read: the rest may contain a
    /// password.
    pub(super) fn of_url(url: &str) -> Self {
        let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        if is_postgres { Self::Postgres } else { Self::Unknown }
    }

    /// Returns whether this quote may enclose a string.
    fn is_around_texts(self, quote: char) -> bool {
        quote == '\'' || (quote == '"' && self == Self::Unknown)
    }
}

/// Returns the SQL on one line, shortened, without bound values and string literals.
pub(super) fn shown(query: &str, quotes: Quotes) -> String {
    // The first separator counts: a value may also contain it.
    let sql = query.find(BINDS).map_or(query, |binds| &query[..binds]);
    let sql = without_texts(sql, quotes);
    let mut line = String::new();
    for word in sql.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Replaces each string literal with an ellipsis. If the meaning of a quote is unclear, everything after the
/// first one is removed.
fn without_texts(sql: &str, quotes: Quotes) -> String {
    let Some(first) = sql.find(|c| quotes.is_around_texts(c)) else {
        // PostgreSQL also quotes with dollars; `$1` is a parameter.
        return match dollar_quote(sql) {
            Some(quote) => format!("{}…", &sql[..quote]),
            None => without_hexadecimal(sql, quotes),
        };
    };
    // MySQL and PostgreSQL interpret backslashes differently; a comment may contain a single quote.
    let unsure = ["\\", "--", "/*", "#"].iter().any(|sign| sql.contains(sign))
        || (quotes == Quotes::Unknown && sql.contains('['));
    if unsure || dollar_quote(sql).is_some() {
        let end = dollar_quote(sql).map_or(first, |quote| quote.min(first));
        return format!("{}…", without_hexadecimal(&sql[..end], quotes));
    }
    let mut text = String::new();
    // The open quote. Quotes that do not enclose strings enclose names.
    let mut inside = None;
    for c in sql.chars() {
        match inside {
            None => {
                text.push(c);
                if quotes.is_around_texts(c) {
                    text.push('…');
                    text.push(c);
                }
                inside = Some(c).filter(|c| ['\'', '"', '`'].contains(c));
            }
            Some(quote) => {
                if !quotes.is_around_texts(quote) {
                    text.push(c);
                }
                if c == quote {
                    inside = None;
                }
            }
        }
    }
    without_hexadecimal(&text, quotes)
}

/// Replaces each hexadecimal number, which is a string in MySQL, with `0x…`.
fn without_hexadecimal(sql: &str, quotes: Quotes) -> String {
    if quotes == Quotes::Postgres || !sql.contains("0x") {
        return sql.to_owned();
    }
    let mut parts = sql.split("0x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_in_word = text.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        text.push_str("0x");
        if is_in_word {
            text.push_str(part);
        } else {
            text.push('…');
            text.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        }
    }
    text
}

/// Finds a `$` that does not begin a parameter such as `$1`.
fn dollar_quote(sql: &str) -> Option<usize> {
    let bytes = sql.as_bytes();
    (0..bytes.len()).find(|&i| bytes[i] == b'$' && !bytes.get(i + 1).is_some_and(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::{Quotes, shown};

    fn postgres(query: &str) -> String {
        shown(query, Quotes::Postgres)
    }

    fn other(query: &str) -> String {
        shown(query, Quotes::Unknown)
    }

    #[test]
    fn the_url_says_what_quotes_mean() {
        for url in ["postgres://db/app", "postgresql:///app"] {
            assert_eq!(Quotes::of_url(url), Quotes::Postgres);
        }
        for url in ["mysql://db/app", "db.sqlite3", "file:postgres://", "", "host=db"] {
            assert_eq!(Quotes::of_url(url), Quotes::Unknown);
        }
    }

    #[test]
    fn values_are_cut_off_wherever_they_begin() {
        assert_eq!(postgres("SELECT $1 -- binds: [\"x -- binds: secret\"]"), "SELECT $1");
        assert_eq!(other("SELECT ? -- binds: [\"secret\"]"), "SELECT ?");
        assert_eq!(other("COMMIT"), "COMMIT");
    }

    #[test]
    fn texts_in_quotes_are_not_shown() {
        assert_eq!(postgres("SET PASSWORD = 'it''s secret', x = 2"), "SET PASSWORD = '…''…', x = 2");
        let names = "SELECT \"it's\", 'secret' FROM `o'clock`";
        assert_eq!(postgres(names), "SELECT \"it's\", '…' FROM `o'clock`");
        assert_eq!(other(names), "SELECT \"…\", '…' FROM `o'clock`");
        for unsure in [
            r"SELECT 'a\', 'secret'",
            "SELECT 1 -- it's\n, 'secret'",
            "SELECT /* it's */ 'secret'",
            "SELECT $$secret$$",
            "SELECT $q$it's$q$, 'secret'",
            "SELECT 1 # it's\n, 'secret'",
        ] {
            for shown in [postgres(unsure), other(unsure)] {
                assert!(shown.starts_with("SELECT") && !shown.contains("secret"), "{shown}");
            }
        }
    }

    #[test]
    fn texts_in_double_quotes_are_shown_to_postgres_alone() {
        assert_eq!(postgres("SELECT \"a\".\"b\", 'secret'"), "SELECT \"a\".\"b\", '…'");
        assert_eq!(other("SELECT `a`.`b`, \"secret\", `c`"), "SELECT `a`.`b`, \"…\", `c`");
        assert_eq!(other("SELECT \"a \"\"secret\"\" b\""), "SELECT \"…\"\"…\"\"…\"");
        for sql in [
            r#"SELECT "a \" secret""#,
            "SELECT \"secret",
            "SELECT \"it's secret\"",
            "SELECT 'a \" b', \"secret\"",
            "SELECT `a\"b`, \"secret\"",
            "SELECT [a\"b], \"secret\"",
            "SELECT [it's], 'secret'",
            "SELECT 1 -- \"\n, \"secret\"",
            "SELECT \"$\", \"secret\"",
        ] {
            let shown = other(sql);
            assert!(shown.starts_with("SELECT") && !shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn numbers_that_are_texts_to_mysql_are_not_shown() {
        assert_eq!(other("SELECT 0x736563726574, 0xAB, c0xde"), "SELECT 0x…, 0x…, c0xde");
        assert_eq!(other("SELECT 0x7365 # it's"), "SELECT 0x… # it…");
    }

    #[test]
    fn it_is_one_line_of_some_length() {
        assert_eq!(other("SELECT\n    1,\n\t2 "), "SELECT 1, 2");
        assert_eq!(other(&"ü".repeat(500)), format!("{}…", "ü".repeat(200)));
    }
}
