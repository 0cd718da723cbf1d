//! `.env`: values that are written again are read the same, an error names a line of the file, and no file
//! takes long.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use manage::settings::Settings;
use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{any_text, mutated, sentence};

use super::{lines_exist, target};
use crate::env_files::load;

const NAMES: [&str; 8] = ["A", "B", "C", "DATABASE_PASSWORD", "export", "x.y-z", "é", "E"];

const TOKENS: &[&str] = &[
    "A",
    "B",
    "C",
    "A=",
    "B=",
    "C=",
    "\nA=",
    "\nB=",
    "\nC=",
    "DATABASE_PASSWORD=",
    "=",
    "'",
    "\"",
    "\\",
    "\\\\",
    "\\'",
    "\\\"",
    "\\$",
    "\\n",
    "\\q",
    "#",
    " #",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{1c}",
    "\u{a0}",
    "\u{feff}",
    "export ",
    "export\t",
    "$",
    "$$",
    "$A",
    "${A}",
    "${B}",
    "${",
    "}",
    "${A:-",
    "${A-",
    "${B:+",
    "${C:?",
    "${A:-${B:-",
    "${}",
    ":",
    "$1",
    "x",
    "two words",
    "é",
    "密",
    "x.y-z=",
    "é=",
    "'A'=",
    "\"A\"=",
    "`",
    "\u{1b}[31m",
    "\u{0}",
];

fn read(folder: &Path, bytes: &[u8]) -> Result<Settings, String> {
    fs::write(folder.join(".env"), bytes).expect("a file");
    load(folder, &[("E", "from outside")]).map_err(|error| error.to_string())
}

/// A value in double quotes, as the document has it.
fn quoted(value: &str) -> String {
    let escape = |c: char| match c {
        '\\' | '"' | '$' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}

#[case]
fn env_files_are_read_back() {
    let target = target("env_files");
    let folder = tempfile::tempdir().expect("a folder");
    let texts =
        prop_oneof![4 => mutated(target.examples(), TOKENS), 3 => sentence(TOKENS, 30), 1 => any_text(80)];
    let broken = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    // Now and then some bytes that need not be text.
    let files = (texts, prop_oneof![3 => Just(Vec::new()), 1 => broken]).prop_map(|(text, broken)| {
        let mut bytes = text.into_bytes();
        for (at, byte) in broken {
            let at = at.index(bytes.len() + 1);
            bytes.insert(at, byte);
        }
        bytes
    });
    target.bytes(files, |bytes| {
        let settings = match read(folder.path(), bytes) {
            Ok(settings) => settings,
            Err(error) => return lines_exist(&error, bytes),
        };
        let mut again = String::new();
        let mut values = Vec::new();
        for name in NAMES {
            match settings.variable(name) {
                Err(error) => lines_exist(&error.to_string(), bytes)?,
                Ok(None) => {}
                Ok(Some(value)) if name != "E" => {
                    again.push_str(&format!("{name}={}\n", quoted(value.expose())));
                    values.push((name, value.expose().to_owned()));
                }
                Ok(Some(value)) if value.expose() == "from outside" => {}
                Ok(Some(_)) => return Err("the file has taken the place of the environment".to_owned()),
            }
        }
        let settings = read(folder.path(), again.as_bytes())?;
        for (name, value) in values {
            let read = settings.variable(name).map_err(|error| error.to_string())?;
            if read.as_ref().map(|read| read.expose()) != Some(&value) {
                return Err(format!(
                    "{name} was {value:?} and is {:?}: {again:?}",
                    read.map(|read| read.into_exposed())
                ));
            }
        }
        Ok(())
    });
}

/// A quarter of a megabyte of one piece.
fn much(piece: &str) -> String {
    piece.repeat((256 << 10) / piece.len())
}

#[case]
fn no_file_takes_long() {
    // In proportion to the length each takes a second at most; with its square it would be minutes.
    const LIMIT: Duration = Duration::from_secs(15);
    let lines = |line: &dyn Fn(usize) -> String| -> String { (0..30_000).map(|i| line(i) + "\n").collect() };
    let folder = tempfile::tempdir().expect("a folder");
    for (what, text) in [
        ("references that nothing closes", format!("A={}", much("${"))),
        ("references that nothing closes, in quotes", format!("A=\"{}\"", much("${"))),
        ("references that refer to nothing", lines(&|i| format!("A{i}=${{X{i}}}"))),
        ("one reference on every line", lines(&|i| format!("A{i}=${{X}}"))),
        ("defaults in defaults", format!("A={}", much("${X:-"))),
        ("dollar signs", format!("A={}", much("$"))),
        ("short references", format!("B=x\nA={}", much("$B"))),
        ("quotes that nothing closes", lines(&|i| format!("A{i}=\"\\"))),
        ("names that nothing closes", much("'\n")),
        ("backslashes", format!("A=\"{}", much("\\"))),
        ("comments", much("#\n")),
        ("equal signs", much("=")),
        ("colons", much(":")),
        ("words", much("a ")),
        ("broken lines", much("A 1\n")),
        ("carriage returns", much("\r")),
    ] {
        let begin = Instant::now();
        if let Ok(settings) = read(folder.path(), text.as_bytes()) {
            let _ = settings.variable("A");
        }
        let took = begin.elapsed();
        assert!(took < LIMIT, "{what}: {took:?} for {} KiB", text.len() >> 10);
    }
    // Not text: each line has a byte that is no UTF-8.
    let bytes: Vec<u8> = b"A=x\xff\n".repeat(60_000);
    let begin = Instant::now();
    let settings = read(folder.path(), &bytes).expect("settings");
    assert!(settings.variable("A").is_err() && begin.elapsed() < LIMIT, "{:?}", begin.elapsed());
}

/// A small file of references must not fill the memory.
#[case]
fn references_make_no_more_than_fits() {
    let folder = tempfile::tempdir().expect("a folder");
    let doubled: String = (0..60).map(|_| "A=${A}${A}\n").collect();
    let copied: String = (0..20_000).map(|i| format!("B{i}=$A\n")).collect();
    for (text, name) in [
        (format!("A=x\n{doubled}"), "A"),
        (format!("A={}\n{copied}C=$A\n", "x".repeat(500_000)), "C"),
        (format!("A={}\n{copied}C=${{X:-$A}}\n", "x".repeat(500_000)), "C"),
    ] {
        let settings = read(folder.path(), text.as_bytes()).expect("settings");
        let error = settings.variable(name).expect_err("too much").to_string();
        assert!(error.contains(".env, line ") && error.len() < 400, "{error}");
    }
    // What a large file needs is far below.
    let settings = read(folder.path(), format!("A={}\nB=${{A}}$A\n", "x".repeat(100_000)).as_bytes());
    let length = settings.expect("settings").variable("B").expect("a value").expect("a value").expose().len();
    assert_eq!(length, 200_000);
}
