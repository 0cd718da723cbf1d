//! The Rust code of pages that make no project of their own: it is compiled, each block as a module.

use std::path::Path;

use manage_test_support::{BUILD, blocks, builds, cargo, case, lock};

use crate::documents::{dependency, write};

/// The pages, which have other code than whole projects.
const PAGES: [&str; 5] =
    ["README.md", "guide/app-settings.md", "guide/checks.md", "guide/migrations.md", "guide/runserver.md"];

const SCHEMA: &str = "diesel::table! {\n    soups (id) {\n        id -> Integer,\n    }\n}\n";

/// The name of a module: that of the command in it, since a command is in a file of its name.
fn module(text: &str, number: usize) -> String {
    let command = text.split_once("#[command").and_then(|(_, rest)| rest.split_once("fn "));
    let name = command.and_then(|(_, rest)| rest.split('(').next());
    name.map_or_else(|| format!("block_{number}"), str::to_owned)
}

#[case(builds)]
fn it_compiles() {
    let project = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| write(project.path(), Path::new(name), text);
    let mut library = String::from("pub mod schema;\n");
    let mut count = 0;
    for page in PAGES {
        for block in blocks(&format!("docs/{page}")).into_iter().filter(|block| block.language == "rust") {
            if block.file.as_deref().is_some_and(|file| file.starts_with("tests")) {
                write("tests/settings.rs", &block.text);
                continue;
            }
            // The adopting guide's project has this one; here its directory would contain the others.
            if block.text.contains("manage::migrations!(\"migrations\")") {
                continue;
            }
            let name = module(&block.text, count);
            write(&format!("src/{name}.rs"), &block.text);
            library += &format!("mod {name};\n");
            count += 1;
        }
    }
    assert_eq!(count, 9, "{library}");
    write("src/lib.rs", &library);
    write("src/schema.rs", SCHEMA);
    // The directories that the blocks name.
    write("static/style.css", "");
    for folder in ["sqlite/", "postgres/", "postgresql/", "mysql/"] {
        write(
            &format!("migrations/{folder}2026-01-01-000000_soups/up.sql"),
            "CREATE TABLE soups (id INTEGER PRIMARY KEY);",
        );
    }
    let here = dependency();
    let testing = here.replace(" }", ", features = [\"testing\"] }");
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{here}\n\
             diesel = {{ version = \"~2.3\", default-features = false }}\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\n[dev-dependencies]\n{testing}\n"
        ),
    );
    lock(project.path());
    let tested =
        cargo(project.path(), &["test", "--quiet", "--test", "settings"]).run(BUILD).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
}
