//! docs/tutorial.md: its files make a project, and its sessions print what the page says.

use std::path::Path;

use manage_test_support::{Need, case, needs};

use crate::documents::{BUILD, Block, alone, blocks, cargo, dependency, workspace, write};

/// What a new project has before the page begins, without what the page writes itself.
fn new_project() -> tempfile::TempDir {
    let project = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| write(project.path(), Path::new(name), text);
    let here = dependency();
    let testing = here.replace(" }", ", features = [\"testing\"] }");
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{here}\n\
             diesel = {{ version = \"~2.3\", default-features = false }}\n\n[dev-dependencies]\n{testing}\n\n\
             [[bin]]\nname = \"manage\"\ndoc = false\n"
        ),
    );
    write("src/lib.rs", "manage::commands!();\nmanage::migrations!(\"migrations\");\n");
    write("src/bin/manage.rs", "manage::main!(shop);\n");
    let lines = ["src/management/commands", "migrations"]
        .map(|folder| format!("    println!(\"cargo::rerun-if-changed={folder}\");\n"));
    write("build.rs", &format!("fn main() {{\n{}}}\n", lines.concat()));
    std::fs::copy(workspace().join("Cargo.lock"), project.path().join("Cargo.lock"))
        .expect("the versions that were tried");
    project
}

/// The file that a block is, also one of SQL, and its text without the line that names it.
fn file(block: &Block) -> Option<(String, &str)> {
    let (first, rest) = block.text.split_once('\n')?;
    let sql = first.strip_prefix("-- ").map(str::to_owned);
    let name = block.file.as_ref().map(|file| file.display().to_string()).or(sql)?;
    Some((name, rest))
}

#[case(needs(Need::Program("cargo")))]
fn its_project_is_built_and_run() {
    let _alone = alone();
    let project = new_project();
    let folder = project.path();
    let mut files = 0;
    let mut sessions = 0;
    for block in blocks("docs/tutorial.md") {
        if let Some((name, text)) = file(&block) {
            let before = match name.as_str() {
                "src/lib.rs" => std::fs::read_to_string(folder.join(&name)).expect("lib.rs"),
                _ => String::new(),
            };
            write(folder, Path::new(&name), &(before + text));
            files += 1;
        } else if block.text.starts_with("$ cargo manage ") {
            for line in block.text.split("$ cargo manage ").skip(1) {
                let (words, expected) = line.split_once('\n').expect("a line and its output");
                let run =
                    ["run", "--quiet", "--bin", "manage", "--"].into_iter().chain(words.split_whitespace());
                let ran = cargo(folder, &run.collect::<Vec<_>>()).run(BUILD);
                let printed = if ran.code() == Some(0) { &ran.stdout } else { &ran.stderr };
                assert!(printed.starts_with(expected), "{words}: the page has\n{expected}\n{ran}");
                sessions += 1;
            }
        }
    }
    assert!(files == 8 && sessions == 5, "{files} files, {sessions} sessions");
    // What the page calls the output of `inspectdb` is that.
    let run = ["run", "--quiet", "--bin", "manage", "--", "inspectdb"];
    let schema = cargo(folder, &run).run(BUILD).expect_success().stdout;
    let written = std::fs::read_to_string(folder.join("src/schema.rs")).expect("schema.rs");
    assert_eq!(schema.trim(), written.trim());
    let tested = cargo(folder, &["test", "--quiet", "--test", "items"]).run(BUILD).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
}
