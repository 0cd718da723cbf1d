//! Test files that nobody compiles.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the source files in a directory of tests that no `mod` item names. They are not compiled, so that
/// what they test is not tested, and nothing else would say so.
pub fn unnamed_files(directory: &Path) -> Vec<PathBuf> {
    let mut unnamed = Vec::new();
    visit(directory, "", &mut unnamed);
    unnamed.sort();
    unnamed
}

/// `names` is the text of the file that names the modules of this directory, unless it has one itself.
fn visit(directory: &Path, names: &str, unnamed: &mut Vec<PathBuf>) {
    let beside = directory.with_extension("rs");
    let own = [directory.join("main.rs"), directory.join("mod.rs"), beside];
    let own = own.iter().find_map(|path| fs::read_to_string(path).ok());
    let names = own.as_deref().unwrap_or(names);
    let is_named = |path: &Path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        names.lines().any(|line| line.trim().trim_start_matches("pub(crate) ") == format!("mod {name};"))
    };
    let entries =
        fs::read_dir(directory).expect("a directory of tests").map(|entry| entry.expect("an entry"));
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            if path.join("mod.rs").exists() && !is_named(&path) {
                unnamed.push(path.join("mod.rs"));
            } else {
                visit(&path, names, unnamed);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("main.rs")
            && !path.ends_with("mod.rs")
            && !is_named(&path)
        {
            unnamed.push(path);
        }
    }
}
