//! The borders of the front matter: whatever is beside them, both parts are read as they were written.

use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{Fuzz, any_text, mutated, sentence};

use super::*;

const TOKENS: &[&str] = &[
    "---", "--- ", "---\t", "---\n", "---\r\n", "...", "...\n", "----", " ---", "--- x", "...x", "—", "-",
    ".", "\n", "\r\n", "\r", " ", "\t", "a: b", "\u{feff}", "\u{a0}", "\u{85}", "\u{2028}", "é", "密", "#",
    "```", "\u{0}",
];

/// Both parts of the file, and how it is written.
fn file(yaml: &str, body: &str, style: usize) -> String {
    let mark = ["", "\u{feff}"][style % 2];
    let blanks = ["", " ", "\t "][style / 2 % 3];
    let end = ["---", "..."][style / 6 % 2];
    let text = format!("---{blanks}\n{yaml}{end}{blanks}\n{body}");
    mark.to_owned() + &if style / 12 % 2 == 1 { text.replace('\n', "\r\n") } else { text }
}

#[test]
fn both_parts_are_read_back() {
    let line = || prop_oneof![3 => sentence(TOKENS, 4), 1 => any_text(12)];
    let lines = || prop::collection::vec(line(), 0..8).prop_map(|lines| lines.join("\n"));
    // One text carries both parts, so that it can be made smaller.
    let parts_of_one = (lines(), lines(), 0..24_usize)
        .prop_map(|(yaml, body, style)| format!("{style}\u{1f}{yaml}\u{1f}{body}"));
    Fuzz::new(env!("CARGO_MANIFEST_DIR"), "borders").texts(parts_of_one, |text| {
        // Bare carriage returns would be ends of lines in one style and not in another.
        let text = text.replace(['\r', '\0'], "");
        let mut fields = text.splitn(3, '\u{1f}');
        let style = fields.next().and_then(|style| style.parse().ok()).unwrap_or_default();
        let (yaml, body) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let is_border = |line: &&str| matches!(line.trim_end(), "---" | "...");
        let yaml: String =
            yaml.lines().filter(|line| !is_border(line)).map(|line| format!("{line}\n")).collect();
        let expected = Parts { yaml: yaml.clone(), body: body.trim_matches('\n').to_owned() };
        match parts(file(&yaml, body, style).as_bytes()) {
            Ok(found) if found == expected => Ok(()),
            other => Err(format!("{other:?} instead of {expected:?}")),
        }
    });
}

#[test]
fn any_file_is_taken_apart_or_refused_at_a_line() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "border_files");
    let examples = vec![file("title: a\ntags: [b]\n", "# Text\n\n---\n", 0), file("a: |\n  ---\n", "x", 19)];
    let texts = prop_oneof![4 => mutated(examples, TOKENS), 2 => sentence(TOKENS, 20), 1 => any_text(60)];
    let broken = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    let files = (texts, broken).prop_map(|(text, broken)| {
        let mut bytes = text.into_bytes();
        for (at, byte) in broken {
            bytes.insert(at.index(bytes.len() + 1), byte);
        }
        bytes
    });
    target.bytes(files, |bytes| {
        let count = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        match parts(bytes) {
            Ok(found) if found.yaml.lines().any(|line| matches!(line.trim_end(), "---" | "...")) => {
                Err(format!("a border inside: {found:?}"))
            }
            Ok(_) => Ok(()),
            Err(fault) if fault.line.is_some_and(|line| (1..=count).contains(&line)) => Ok(()),
            Err(fault) => Err(format!("{count} lines: {fault:?}")),
        }
    });
}
