//! docs/guide/postgresql.md: its project is built without the other drivers, and run on a server.

use std::path::Path;

use manage_test_support::{BUILD, Need, Program, TestDatabase, blocks, builds_with, cargo, case, lock};

use crate::documents::{dependency, write};

/// A project of the page's files.
fn project() -> tempfile::TempDir {
    let project = tempfile::tempdir().expect("a folder");
    let folder = project.path();
    let mut names = Vec::new();
    for block in blocks("docs/guide/postgresql.md") {
        let sql = block.text.lines().next().and_then(|line| line.strip_prefix("-- ")).map(Into::into);
        let Some(file) = block.file.or(sql) else { continue };
        let text =
            block.text.replace("diesel-manage = { version = \"0.1\",", &dependency().replace(" }", ","));
        let text = if file == Path::new("Cargo.toml") {
            let package = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
            let program = "[[bin]]\nname = \"manage\"\ndoc = false\n";
            format!("{package}\n[dependencies]\n{text}\n{program}")
        } else {
            text
        };
        write(folder, &file, &text);
        names.push(file.display().to_string());
    }
    assert_eq!(names.len(), 6, "{names:?}");
    write(
        folder,
        Path::new("migrations/2026-01-01-000000_visits/down.sql"),
        "DROP TABLE visits; DROP TYPE stage;",
    );
    write(folder, Path::new("src/bin/manage.rs"), "manage::main!(shop);\n");
    lock(folder);
    project
}

#[case(builds_with(Need::Postgres))]
fn its_commands_work() {
    let project = project();
    let database = TestDatabase::postgres();
    let run = |line: &str| -> Program {
        let words = ["run", "--quiet", "--bin", "manage", "--"].into_iter().chain(line.split_whitespace());
        cargo(project.path(), &words.collect::<Vec<_>>()).env("DATABASE_URL", database.url())
    };
    run("migrate").run(BUILD).expect_success();
    assert_eq!(run("add_visits 1000").run(BUILD).expect_success().stdout, "Added 1000 visits.\n");
    let copied = run("copy_visits 1000 9000").run(BUILD).expect_success().stdout;
    assert!(copied.starts_with("Copied 9000 visits.\n"), "{}", &copied[..100]);
    assert_eq!(copied.lines().count(), 10_001);
    let other = run("add_visits 1").env("DATABASE_URL", "sqlite:db.sqlite3").run(BUILD).expect_code(78);
    assert!(other.stderr.contains("built without it"), "{}", other.stderr);
}
