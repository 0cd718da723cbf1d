//! docs/from-django.md: its commands in Rust are built and run, and are no longer than Django's.

use std::path::Path;

use manage_test_support::{BUILD, Block, Program, blocks, builds, cargo, case, lock, workspace};

use crate::documents::{dependency, write};

/// The files of one language, and how many lines they have together.
fn files(extension: &str) -> (Vec<Block>, usize) {
    let is_meant = |block: &Block| {
        block.file.as_deref().is_some_and(|file| file.extension() == Some(extension.as_ref()))
    };
    let files: Vec<Block> = blocks("docs/from-django.md").into_iter().filter(is_meant).collect();
    // The line that names the file is not counted.
    let lines = files.iter().map(|file| file.text.lines().count() - 1).sum();
    (files, lines)
}

#[case]
fn ours_is_no_longer() {
    let (django, djangos_lines) = files("py");
    let (ours, our_lines) = files("rs");
    let names = |blocks: &[Block]| -> Vec<String> {
        let stem = |block: &Block| block.file.as_deref()?.file_stem()?.to_str().map(str::to_owned);
        blocks.iter().filter_map(stem).collect()
    };
    assert_eq!(names(&ours), names(&django));
    assert!(ours.len() == 3 && djangos_lines >= 60, "{djangos_lines} lines of Django's");
    assert!(our_lines <= djangos_lines, "{our_lines} lines of ours, {djangos_lines} of Django's");
    for file in &ours {
        let formatted = Program::new("rustfmt").args(["--check", "--edition", "2024"]);
        let formatted = formatted.args(["--config-path", &workspace().display().to_string()]);
        formatted.stdin(file.text.as_str()).run(BUILD).expect_success();
    }
}

const SCHEMA: &str = "diesel::table! {
    tickets (id) {
        id -> Integer,
        team -> Text,
        subject -> Text,
        closed -> Bool,
    }
}
";

const TICKETS: &str = "CREATE TABLE tickets (
    id INTEGER PRIMARY KEY NOT NULL,
    team TEXT NOT NULL,
    subject TEXT NOT NULL,
    closed BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT INTO tickets (team, subject) VALUES
    ('printers', 'It is on fire'), ('network', 'It is slow'), ('printers', 'It is out of paper'), ('doors', 'It is shut');
";

#[case(builds)]
fn its_commands_work() {
    let project = tempfile::tempdir().expect("a folder");
    let folder = project.path();
    let write = |name: &str, text: &str| write(folder, Path::new(name), text);
    let package = "[package]\nname = \"desk\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let diesel = "diesel = { version = \"~2.3\", default-features = false }";
    let program = "[[bin]]\nname = \"manage\"\ndoc = false\n";
    write("Cargo.toml", &format!("{package}\n[dependencies]\n{}\n{diesel}\n\n{program}", dependency()));
    write("src/lib.rs", "pub mod schema;\nmanage::commands!();\nmanage::migrations!(\"migrations\");\n");
    write("src/schema.rs", SCHEMA);
    write("src/bin/manage.rs", "manage::main!(desk);\n");
    write("migrations/2026-01-01-000000_tickets/up.sql", TICKETS);
    write("migrations/2026-01-01-000000_tickets/down.sql", "DROP TABLE tickets;");
    for file in files("rs").0 {
        write(&file.file.expect("a name").display().to_string(), &file.text);
    }
    lock(folder);
    let manage = |line: &str| {
        let words = ["run", "--quiet", "--bin", "manage", "--"].into_iter().chain(line.split_whitespace());
        cargo(folder, &words.collect::<Vec<_>>()).run(BUILD)
    };
    manage("migrate").expect_success();
    assert_eq!(
        manage("close_tickets 1 2").expect_success().stdout,
        "Closed “It is on fire”.\nClosed “It is slow”.\n"
    );
    let missing = manage("close_tickets 9").expect_code(1);
    assert_eq!(missing.stderr, "Error: There is no ticket 9.\n");
    manage("close_tickets").expect_code(2);
    let counted = manage("count_tickets").expect_success();
    assert_eq!(counted.stdout, "Team      Open\ndoors     1\nprinters  1\n");
    // Nobody is there to ask.
    manage("purge_tickets").expect_code(1);
    assert_eq!(manage("purge_tickets --noinput").expect_success().stdout, "Deleted 2 tickets.\n");
}
