//! docs/tutorial.md: its files make a project, and its sessions print what the page says.

use manage_test_support::{blocks, builds, case};

use crate::folder::Folder;

/// The directory of a migration on the page, whose name begins with the time of writing.
const DIRECTORY: &str = "2026-11-27-090000_create_items";

#[case(builds)]
fn its_project_is_built_and_run() {
    let folder = Folder::new();
    folder.start("shop", &[]);
    let migrated = folder.run("shop", &["migrate"]).expect_success();
    assert!(migrated.stderr.starts_with("No database is set: using SQLite at "), "{migrated}");
    let directory = || {
        let files = folder.files();
        let name = files.keys().find_map(|name| name.strip_suffix("_create_items/up.sql"));
        format!("{}_create_items", name.and_then(|name| name.rsplit('/').next()).expect("the migration"))
    };
    let (mut files, mut lines) = (0, 0);
    for block in blocks("docs/tutorial.md") {
        if let Some(name) = &block.file {
            let first = block.text.lines().next().expect("a line that names the file");
            let mut name = format!("shop/{}", name.display());
            if name.contains(DIRECTORY) {
                name = name.replace(DIRECTORY, &directory());
            }
            let before = if first.ends_with("further down") { folder.read(&name) } else { String::new() };
            folder.write(&name, &(before + &block.text));
            files += 1;
        } else if block.text.starts_with("$ cargo manage ") {
            for line in block.text.split("$ cargo manage ").skip(1) {
                let (words, expected) = line.split_once('\n').expect("a line and its output");
                let ran = folder.run("shop", &words.split_whitespace().collect::<Vec<_>>());
                let printed = if ran.code() == Some(0) { &ran.stdout } else { &ran.stderr };
                let expected = match expected.contains(DIRECTORY) {
                    true => expected.replace(DIRECTORY, &directory()),
                    false => expected.to_owned(),
                };
                assert_eq!(printed.trim_end(), expected.trim_end(), "{words}: {ran}");
                lines += 1;
            }
        }
    }
    assert!(files == 6 && lines == 6, "{files} files, {lines} command lines");
    // What the page says of `inspectdb` is true.
    let schema = folder.read("shop/src/schema.rs");
    folder.run("shop", &["inspectdb", "--output", "src/schema.rs"]).expect_success();
    let written = folder.read("shop/src/schema.rs");
    for table in schema.split("diesel::table! {").skip(1) {
        let columns = table.split("\n}\n").next().expect("a table");
        assert!(written.contains(columns), "{columns}\n{written}");
    }
    folder.run("shop", &["makemigrations", "--check"]).expect_success();
    folder.cargo("shop", &["fmt", "--check"]).expect_success();
    let tested = folder.cargo("shop", &["test", "--quiet", "--test", "items"]).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
}
