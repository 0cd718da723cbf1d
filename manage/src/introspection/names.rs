//! Names in Rust of tables and columns, as Diesel's tools choose them.

/// What `syn` does not accept as a name.
const KEYWORDS: [&str; 52] = [
    "Self", "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// What `table!` itself defines.
const TAKEN: [&str; 3] = ["table", "columns", "is_nullable"];

/// Returns the name in Rust: other characters than letters, digits and underscores become underscores, and
/// what cannot be a name gets an underscore at the end, as does a column that is named as its `table`.
pub(super) fn rust_name(sql_name: &str, table: Option<&str>) -> String {
    let name = mapped(sql_name);
    if is_reserved(&name) || Some(name.as_str()) == table { name + "_" } else { name }
}

fn is_reserved(name: &str) -> bool {
    name.is_empty()
        || KEYWORDS.contains(&name)
        || TAKEN.contains(&name)
        // The names that `table!` generates; an underscore at the end always makes a name free.
        || name.starts_with("__") && !name.ends_with('_')
}

/// Replaces each run of characters that a name cannot have by one underscore.
fn mapped(sql_name: &str) -> String {
    let begins_with_digit = sql_name.starts_with(|first: char| first.is_ascii_digit());
    let mut name = String::from(if begins_with_digit { "_" } else { "" });
    let mut in_run = begins_with_digit;
    for letter in sql_name.chars() {
        let fits = letter.is_ascii_alphanumeric() || letter == '_';
        if fits {
            name.push(letter);
        } else if !in_run {
            name.push('_');
        }
        in_run = !fits;
    }
    name
}

/// Returns a string literal of Rust, raw if the text has quotes or backslashes.
pub(super) fn literal(text: &str) -> String {
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let hashes = "#".repeat(text.matches('#').count() + 1);
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_in_rust() {
        for (sql_name, expected) in [
            ("users", "users"),
            ("type", "type_"),
            ("yield", "yield_"),
            ("gen", "gen"),
            ("a-b", "a_b"),
            ("a - b", "a_b"),
            ("a_-b", "a__b"),
            ("2fa", "_2fa"),
            ("2-fa", "_2_fa"),
            ("é", "__"),
            ("größe", "gr_e"),
            ("table", "table_"),
            ("__hidden", "__hidden_"),
            ("__hidden_", "__hidden_"),
            ("", "_"),
            ("UserName", "UserName"),
        ] {
            assert_eq!(rust_name(sql_name, None), expected, "{sql_name}");
        }
        assert_eq!(rust_name("users", Some("users")), "users_");
    }

    #[test]
    fn a_literal_with_quotes_is_raw() {
        assert_eq!(literal("a-b"), "\"a-b\"");
        assert_eq!(literal("a\"#b"), "r##\"a\"#b\"##");
    }
}
