//! What holds for every front matter: fields whose lines exist, or an error with a line that does.

use std::time::{Duration, Instant};

use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{Fuzz, any_text, mutated, sentence};

use super::*;

const TOKENS: &[&str] = &[
    "title: ",
    "tags: ",
    "draft: ",
    "date: ",
    "\n",
    "\r\n",
    "\n  ",
    "\n- ",
    " ",
    ": ",
    ":",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "&b ",
    "*b",
    "<<: ",
    "!!str ",
    "!x ",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "'",
    "\"",
    "\\",
    "\\x41",
    "\\uD800",
    "|",
    ">",
    "|2-\n",
    "#",
    " #",
    "~",
    "null",
    "true",
    "yes",
    "é",
    "密",
    "\u{0}",
    "\u{feff}",
    "\t",
    "\u{85}",
    "\u{2028}",
    "2026-01-31",
    "x",
];

#[test]
fn any_front_matter_is_read_or_refused() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "front_matter");
    let texts =
        prop_oneof![4 => mutated(target.examples(), TOKENS), 3 => sentence(TOKENS, 25), 1 => any_text(80)];
    target.texts(texts, |yaml| {
        let front_matter = match FrontMatter::parse(yaml) {
            Ok(front_matter) => front_matter,
            Err(fault) if format!("{fault:?}").is_empty() => return Err("an error without a text".to_owned()),
            Err(_) => return Ok(()),
        };
        // To YAML these end a line, too.
        let count =
            yaml.chars().filter(|c| ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'].contains(c)).count() + 1;
        for (name, field) in &front_matter.fields {
            if !(YAML_LINE..=YAML_LINE + count).contains(&field.line) {
                return Err(format!("{name:?} is in line {} of {count}", field.line));
            }
            let _ =
                (field.text(name), field.is_true(name), front_matter.get(name), front_matter.duplicate(name));
        }
        Ok(())
    });
}

/// Returns a text in double quotes, as YAML has it.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_ascii_graphic() || c == ' ' || c.is_alphabetic() => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

#[test]
fn quoted_values_are_read_back() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "quoted_fields");
    target.texts(prop_oneof![2 => sentence(TOKENS, 12), 1 => any_text(40)], |value| {
        let yaml = format!("a: x\n{}: {}\nz: {}\n", quoted("title"), quoted(value), quoted(value));
        let front_matter = FrontMatter::parse(&yaml).map_err(|fault| format!("{yaml:?}: {fault:?}"))?;
        for (name, line) in [("title", YAML_LINE + 1), ("z", YAML_LINE + 2)] {
            let field = front_matter.get(name).ok_or_else(|| format!("{yaml:?} has no {name}"))?;
            let text = field.text(name).map_err(|fault| format!("{yaml:?}: {fault:?}"))?;
            if text != value || field.line != line {
                return Err(format!("{yaml:?} is read as {text:?} in line {}", field.line));
            }
        }
        Ok(())
    });
}

#[test]
fn no_front_matter_takes_long() {
    const LIMIT: Duration = Duration::from_secs(60);
    for piece in [
        "a: b\n",
        "[",
        "{",
        "- ",
        "? ",
        "'",
        "\"",
        "|\n",
        "&a ",
        "#\n",
        "a: &a b\n",
        " ",
        "\\",
        "x: [a, b]\n",
    ] {
        let yaml = piece.repeat((256 << 10) / piece.len());
        let begin = Instant::now();
        let _ = FrontMatter::parse(&yaml);
        assert!(begin.elapsed() < LIMIT, "{piece:?}: {:?}", begin.elapsed());
    }
}
