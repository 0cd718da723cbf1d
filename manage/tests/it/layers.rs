//! Each module of the framework imports only from the modules below it in the table of ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use manage_test_support::case;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the modules from the top layer to the bottom, from the table's rows: "| `error/` | purpose |".
fn layers() -> Vec<String> {
    let document =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("ARCHITECTURE.md");
    let text = fs::read_to_string(document).expect("ARCHITECTURE.md");
    let table = text.split("\n| module |").nth(1).expect("the table of modules");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = rows.flat_map(|row| row.split('|').nth(1).expect("a first column").split(','));
    let module =
        |name: &str| name.trim().trim_matches('`').trim_end_matches('/').trim_end_matches(".rs").to_owned();
    names.map(module).collect()
}

/// Returns all files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Returns the top-level module of a file: the first part of its path.
fn module(file: &Path) -> String {
    let first =
        file.strip_prefix(source()).expect("a file of the framework").components().next().expect("a part");
    first.as_os_str().to_str().expect("UTF-8").trim_end_matches(".rs").to_owned()
}

/// Returns the first names after `crate::` in code, with their lines.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with(['$', '_'])) {
            let rest = &line[at + "crate::".len()..];
            let group = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
            for part in group.unwrap_or(rest).split(',').take(if group.is_some() { usize::MAX } else { 1 }) {
                let name =
                    part.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                found.push((number + 1, name.to_owned()));
            }
        }
    }
    found
}

#[case]
fn every_module_has_a_layer() {
    let layers = layers();
    let listed: BTreeSet<String> = layers.iter().cloned().collect();
    assert_eq!(listed.len(), layers.len(), "a module is in the table twice: {layers:?}");
    let there: BTreeSet<String> = files(&source())
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| module(file))
        .collect();
    assert_eq!(listed, there, "the table of ARCHITECTURE.md (left) and manage/src (right)");
}

#[case]
fn imports_run_downwards() {
    let layers = layers();
    let layer = |name: &str| layers.iter().position(|module| module == name);
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files(&source()).iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let (from, text) = (module(file), fs::read_to_string(file).expect("a file"));
        let shown = file.strip_prefix(source()).expect("a file of the framework").display();
        let own = layer(&from).unwrap_or_else(|| panic!("{shown} has no layer"));
        for (line, to) in imports(&text) {
            count += 1;
            match layer(&to) {
                Some(other) if other >= own => {}
                Some(_) => {
                    wrong.push(format!("{shown}:{line}: {from} is below {to}, and must not import from it"))
                }
                // The macros' own names exist at the root alone.
                None if to.starts_with("__") => {}
                None => {
                    wrong.push(format!("{shown}:{line}: import `{to}` from its module, not from the root"))
                }
            }
        }
        let depth = file.strip_prefix(source()).expect("a file of the framework").components().count();
        let is_face = depth == 1 || depth == 2 && file.ends_with("mod.rs");
        let above = text.lines().position(|line| is_face && line.starts_with("use super::"));
        wrong.extend(above.map(|line| format!("{shown}:{}: `super` is not this module", line + 1)));
    }
    assert!(count > 500, "only {count} imports were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
