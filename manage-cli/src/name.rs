//! The name of a new package, which is also that of its crate and of its app.

use crate::error::{Error, Result};
use crate::output::printable;

/// The longest name, in characters. A longer one would not fit into the lines of the new files.
const LONGEST: usize = 50;

/// Rust's words, which cannot name a crate.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The crates that a project uses or that the compiler knows. One of the same name would hide them.
const CRATES: [&str; 11] = [
    "alloc",
    "core",
    "diesel",
    "diesel_manage",
    "diesel_manage_macros",
    "manage",
    "manage_macros",
    "proc_macro",
    "rustfmt",
    "std",
    "test",
];

/// The devices of Windows, which cannot be directories there.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// Fails with a reason if a package cannot have this name.
pub(crate) fn check(name: &str) -> Result<()> {
    let crate_name = crate_name(name);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let wrong = |why: &str| {
        let name: String = name.chars().take(100).collect();
        Err(Error::usage(format!("'{}' cannot be the name of a project: {why}.", printable(&name))).hint(
            "Name it after what it does, in lower-case letters, digits, underscores and hyphens, as in shop or web-shop; \
             --name gives it another name than its directory's.",
        ))
    };
    if name.is_empty() {
        return wrong("it is empty");
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return wrong("it does not begin with a lower-case letter");
    }
    if let Some(other) = name.chars().find(|c| !fits(*c)) {
        return wrong(&format!("'{}' is not allowed in it", other.escape_default()));
    }
    if name.len() > LONGEST {
        return wrong(&format!("it has more than {LONGEST} characters"));
    }
    if name.ends_with(['-', '_']) || crate_name.contains("__") {
        return wrong("it has two hyphens or underscores in a row, or one at its end");
    }
    if KEYWORDS.contains(&crate_name.as_str()) {
        return wrong("it is a word of Rust's");
    }
    if CRATES.contains(&crate_name.as_str()) {
        return wrong("it is the name of a crate that the project uses");
    }
    let is_numbered = |prefix: &str| {
        let number = crate_name.strip_prefix(prefix);
        number.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if DEVICES.contains(&crate_name.as_str()) || is_numbered("com") || is_numbered("lpt") {
        return wrong("it is the name of a device on Windows");
    }
    Ok(())
}

/// Returns the name of a package's crate.
pub(crate) fn crate_name(package: &str) -> String {
    package.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_name_is_that_of_a_crate() {
        for name in ["shop", "web-shop", "web_shop", "a", "shop2", &"a".repeat(50)] {
            assert!(check(name).is_ok(), "{name}");
        }
        for (name, why) in [
            ("", "is empty"),
            ("Shop", "does not begin with a lower-case letter"),
            ("2shop", "does not begin with a lower-case letter"),
            ("_shop", "does not begin with a lower-case letter"),
            ("-shop", "does not begin with a lower-case letter"),
            ("sHop", "'H' is not allowed"),
            ("a.b", "'.' is not allowed"),
            ("a b", "' ' is not allowed"),
            ("a\u{1b}[2J", "'\\u{1b}' is not allowed"),
            ("caf\u{e9}", "'\\u{e9}' is not allowed"),
            ("shop-", "at its end"),
            ("web--shop", "in a row"),
            ("fn", "a word of Rust's"),
            ("async", "a word of Rust's"),
            ("std", "a crate that the project uses"),
            ("core", "a crate that the project uses"),
            ("test", "a crate that the project uses"),
            ("manage", "a crate that the project uses"),
            ("diesel", "a crate that the project uses"),
            ("diesel-manage", "a crate that the project uses"),
            ("nul", "a device on Windows"),
            ("com1", "a device on Windows"),
            (&"a".repeat(51), "more than 50 characters"),
        ] {
            let error = check(name).expect_err(name).to_string();
            assert!(error.contains(why) && !error.contains('\u{1b}'), "{name}: {error}");
        }
    }
}
