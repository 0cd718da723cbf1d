//! The pages of the macros list every option, and repeat the compiler's messages as they are.

use std::fs;
use std::path::{Path, PathBuf};

use manage_test_support::case;

const PAGES: [&str; 7] = ["check", "command", "commands", "hook", "main", "migrations", "router"];

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn page(name: &str) -> String {
    fs::read_to_string(package("src/docs").join(name).with_extension("md")).expect("a page")
}

/// The rows of a table below a heading, each as its cells.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = page.split_once(&format!("# {heading}\n")).expect("the heading");
    let section = section.split("\n# ").next().expect("a section");
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// All that the compiler says in the cases of mistakes; and the sources of the macros that read files, for
/// which there are few such cases.
fn messages() -> String {
    let cases = fs::read_dir(package("ui-tests/cases"))
        .expect("the cases")
        .map(|entry| entry.expect("a case").path());
    let shown = cases.filter(|path| path.extension().is_some_and(|ending| ending == "stderr"));
    let files = shown.chain(
        ["macros/src/files.rs", "macros/src/migrations.rs", "macros/src/migration_metadata.rs"].map(package),
    );
    files.map(|path| fs::read_to_string(path).expect("text")).collect()
}

#[case]
fn each_message_is_the_compilers() {
    let messages = messages();
    for name in PAGES {
        let page = page(name);
        let rows = rows(&page, "Mistakes, and what the compiler says");
        assert!(!rows.is_empty(), "{name}");
        for row in rows {
            let message = row.last().expect("a cell");
            assert!(messages.contains(message), "{name}.md has another message than the compiler: {message}");
        }
    }
}

/// The options that an attribute knows, as its own error lists them.
fn known(case: &str) -> Vec<String> {
    let text = fs::read_to_string(package("ui-tests/cases").join(case).with_extension("stderr"));
    let text = text.expect("a case");
    let message = text.lines().next().expect("a message");
    let options = message.split_once("knows ").expect("a list").1.split('`').skip(1).step_by(2);
    options.map(|option| option.split([' ', '(']).next().unwrap_or(option).to_owned()).collect()
}

#[case]
fn each_option_has_a_row() {
    for (name, case) in [("command", "unknown_property"), ("check", "check_with_an_unknown_option")] {
        let page = page(name);
        let listed: Vec<&str> = rows(&page, "Options")
            .iter()
            .map(|row| row[0].trim_start_matches('`').split([' ', '(', '`']).next().expect("a name"))
            .collect();
        let mut known = known(case);
        known.sort();
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, known, "{name}.md");
    }
}
