//! `sqlmigrate`: the SQL of a migration, without a database.

use manage::Exit;
use manage_test_support::case;

use crate::project::Project;

/// Nothing listens there.
const POSTGRES: &str = "postgres://app@127.0.0.1:1/x";

fn project(url: &str) -> Project {
    Project::new().env("DATABASE_URL", url)
}

#[track_caller]
fn printed(url: &str, line: &str) -> String {
    let ran = project(url).run(line);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::SUCCESS, ""), "{line}: {}", ran.all());
    ran.out
}

#[case]
fn it_prints_what_is_sent() {
    assert_eq!(
        printed("sqlite:/nonexistent/x.db", "sqlmigrate 2025-01"),
        "-- it: manage/tests/it/migrations/sqlite/2025-01-01-000000_add_isbn/up.sql\nPRAGMA cache_size = 500;\nBEGIN;\n\
         ALTER TABLE books ADD COLUMN isbn VARCHAR(20);\nCOMMIT;\n"
    );
    // A migration without a transaction.
    let outside = printed("sqlite:/nonexistent/x.db", "sqlmigrate it 20250201000000");
    assert!(outside.ends_with("PRAGMA cache_size = 500;\nVACUUM;\n"), "{outside}");
    if cfg!(feature = "postgres") {
        let back = printed(POSTGRES, "sqlmigrate 2024-01-01-000000_create_authors --backwards");
        let start = "-- it: manage/tests/it/migrations/postgres/2024-01-01-000000_create_authors/down.sql\n\
                     SET lock_timeout = '1min';\nSET client_min_messages = warning;\nBEGIN;\n";
        assert!(back.starts_with(start) && back.ends_with(";\nCOMMIT;\n"), "{back}");
    }
    if cfg!(feature = "mysql") {
        // There each change of the schema commits.
        let sql = printed("mysql://app@127.0.0.1:1/x", "sqlmigrate 2025-01");
        assert!(
            sql.contains("\nSET lock_wait_timeout = 60;\nALTER TABLE") && !sql.contains("BEGIN"),
            "{sql}"
        );
    }
}

#[case]
fn what_there_is_not() {
    for (line, exit, expected) in [
        (
            "sqlmigrate 1999",
            Exit::FAILURE,
            "Error: There is no migration '1999'.\nHint: See `manage showmigrations`.\n",
        ),
        ("sqlmigrate it 1999", Exit::FAILURE, "Error: There is no migration '1999'.\n"),
        ("sqlmigrate 2024", Exit::FAILURE, "Error: '2024' matches several migrations: "),
        ("sqlmigrate its 2025-01", Exit::FAILURE, "Error: No installed app with label 'its'.\n"),
        ("sqlmigrate", Exit::USAGE, "Usage: manage sqlmigrate"),
    ] {
        let ran = project("sqlite:/nonexistent/x.db").run(line);
        assert!(ran.exit == exit && ran.err.contains(expected), "{line}: {}", ran.all());
        assert_eq!(ran.out, "");
    }
}
