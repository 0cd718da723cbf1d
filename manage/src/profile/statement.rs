//! The text of a statement without anything that may be a secret.

/// How much of a statement is shown.
const LENGTH: usize = 200;

/// What Diesel writes between the SQL and the values that are bound to it.
const BINDS: &str = " -- binds: ";

/// The SQL on one line, without the values that are bound to it and without the texts in it, and no longer than a person reads.
pub(super) fn shown(query: &str) -> String {
    // The first one: a value may hold these words, too.
    let sql = query.find(BINDS).map_or(query, |binds| &query[..binds]);
    let sql = without_texts(sql);
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

/// Puts `'…'` for each text in quotes. Where a quote may mean something else, all after the first one goes.
fn without_texts(sql: &str) -> String {
    let Some(first) = sql.find('\'') else {
        // PostgreSQL quotes with dollars, too; `$1` stands for a value.
        return match dollar_quote(sql) {
            Some(quote) => format!("{}…", &sql[..quote]),
            None => sql.to_owned(),
        };
    };
    // Backslashes mean one thing to MySQL and another to PostgreSQL; a comment may hold a single quote.
    let unsure = ["\\", "--", "/*", "#"].iter().any(|sign| sql.contains(sign));
    if unsure || dollar_quote(sql).is_some() {
        let end = dollar_quote(sql).map_or(first, |quote| quote.min(first));
        return format!("{}…", &sql[..end]);
    }
    let mut text = String::new();
    // Which quote we are inside of. The other two are around names.
    let mut inside = None;
    for c in sql.chars() {
        match inside {
            None => {
                match c {
                    '\'' => text.push_str("'…'"),
                    c => text.push(c),
                }
                inside = Some(c).filter(|c| ['\'', '"', '`'].contains(c));
            }
            Some(quote) => {
                if quote != '\'' {
                    text.push(c);
                }
                if c == quote {
                    inside = None;
                }
            }
        }
    }
    text
}

/// Where a `$` stands that begins no `$1`.
fn dollar_quote(sql: &str) -> Option<usize> {
    let bytes = sql.as_bytes();
    (0..bytes.len()).find(|&i| bytes[i] == b'$' && !bytes.get(i + 1).is_some_and(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn values_are_cut_off_wherever_they_begin() {
        assert_eq!(shown("SELECT $1 -- binds: [\"x -- binds: secret\"]"), "SELECT $1");
        assert_eq!(shown("COMMIT"), "COMMIT");
    }

    #[test]
    fn texts_in_quotes_are_not_shown() {
        assert_eq!(shown("SET PASSWORD = 'it''s secret', x = 2"), "SET PASSWORD = '…''…', x = 2");
        assert_eq!(shown("SELECT \"it's\", 'secret' FROM `o'clock`"), "SELECT \"it's\", '…' FROM `o'clock`");
        for unsure in [
            r"SELECT 'a\', 'secret'",
            "SELECT 1 -- it's\n, 'secret'",
            "SELECT /* it's */ 'secret'",
            "SELECT $$secret$$",
            "SELECT $q$it's$q$, 'secret'",
            "SELECT 1 # it's\n, 'secret'",
        ] {
            let shown = shown(unsure);
            assert!(shown.starts_with("SELECT") && !shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn it_is_one_line_of_some_length() {
        assert_eq!(shown("SELECT\n    1,\n\t2 "), "SELECT 1, 2");
        assert_eq!(shown(&"ü".repeat(500)), format!("{}…", "ü".repeat(200)));
    }
}
