//! SECURITY.md names tests that are there, and is linked from where people start to read.

use std::path::Path;

use manage_test_support::case;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).expect(name)
}

#[case]
fn it_names_files_that_exist() {
    let text = read("SECURITY.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| **")).collect();
    assert!(rows.len() >= 5, "{rows:?}");
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let files: Vec<&str> = tests.split(", ").map(|file| file.trim_matches('`')).collect();
        for file in files {
            assert!(file.ends_with(".rs") && workspace().join(file).is_file(), "{file} of {row}");
        }
    }
    // Reports go to the repository that Cargo.toml names.
    let reports = format!("{}/security/advisories/new", env!("CARGO_PKG_REPOSITORY"));
    assert!(text.contains(&reports), "{reports}");
}

#[case]
fn it_is_linked() {
    assert!(read("CONTRIBUTING.md").contains("[SECURITY.md](SECURITY.md)"));
    // crates.io shows it, too.
    let link = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/SECURITY.md");
    let readme = read("README.md");
    assert!(readme.contains("[SECURITY.md][security]") && readme.contains(&format!("[security]: {link}\n")));
}
