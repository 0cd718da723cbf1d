//! What is said of a migration that fails: the file, the line, the database's own words, and what stayed.

use diesel::connection::SimpleConnection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_mariadb, on_postgres};
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::Ran;

fn failed(app: &'static str, database: &TestDatabase) -> Ran {
    let ran = project_of(&[app], database).run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    ran
}

#[track_caller]
fn said(ran: &Ran, words: &str) {
    assert!(ran.err.contains(words), "{words}\n--- is not in\n{}", ran.all());
}

app!(
    "fail_syntax",
    (
        "2026-01-01-000000_a",
        "\u{feff}-- A comment; of two\r\n-- lines.\r\nCREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT);\r\nINSERT INTO a\r\n\tVALEUS (1, 'ä');\r\n",
        None,
        true
    )
);
app!(
    "fail_duplicate",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1); INSERT INTO a VALUES (2);\nINSERT INTO a\n  VALUES (2);\n",
        None,
        true
    )
);

#[case(on_each_backend)]
fn the_file_the_line_and_what_the_database_says(database: TestDatabase) {
    let ran = failed("fail_syntax", &database);
    said(
        &ran,
        "\nFILE: fail_syntax/migrations/2026-01-01-000000_a/up.sql, line 5\nLINE 5:  VALEUS (1, 'ä');\n",
    );
    said(&ran, ";\n         ^");
    let database = TestDatabase::new(database.backend());
    let ran = failed("fail_duplicate", &database);
    said(
        &ran,
        "\nFILE: fail_duplicate/migrations/2026-01-01-000000_a/up.sql, line 3\nLINE 3: INSERT INTO a\n",
    );
    said(
        &ran,
        match database.backend() {
            Backend::Sqlite => "Caused by: UNIQUE constraint failed: a.id\n",
            Backend::Postgres => "Caused by: duplicate key value violates unique constraint \"a_pkey\"\n",
            Backend::MariaDb => "Caused by: Duplicate entry '2' for key 'PRIMARY'\n",
        },
    );
    if database.backend() == Backend::Postgres {
        said(&ran, "\nDETAIL: Key (id)=(2) already exists.\n");
    }
}

app!(
    "fail_missing",
    (
        "2026-01-01-000000_a",
        "-- Größe\r\nINSERT INTO\r\n\tnowhere (größe, \"ü\", x)\r\n\tVALUES (1, 2, 3);\r\n",
        None,
        true
    )
);
app!(
    "fail_wide",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\r\nSELECT\r\n\t'日本語', 'é',\tnmae\r\nFROM a;\r\n",
        None,
        true
    )
);

/// Tabs are one column, and some characters are two.
#[case(on_each_backend)]
fn the_caret_is_below_the_word(database: TestDatabase) {
    let ran = failed("fail_wide", &database);
    let caret =
        format!("up.sql, line 3\nLINE 3:  '日本語', 'é', nmae\n{}^\n", " ".repeat(8 + 1 + 8 + 2 + 3 + 2));
    said(&ran, &caret);
    if database.backend() != Backend::MariaDb {
        // MySQL's quotes are no names, which is another error.
        said(
            &failed("fail_missing", &database),
            "up.sql, line 3\nLINE 3:  nowhere (größe, \"ü\", x)\n         ^\n",
        );
    }
}

#[case(on_each_backend)]
fn the_path_of_a_real_file(database: TestDatabase) {
    let ran = failed("failing", &database);
    let path = "FILE: manage/tests/it/migrations/failing/2024-03-02-000000_fails_in_the_middle/up.sql, line ";
    said(&ran, path);
    let line = ran
        .err
        .split(path)
        .nth(1)
        .and_then(|rest| rest.split('\n').next())
        .and_then(|line| line.parse::<usize>().ok());
    let file = include_str!("migrations/failing/2024-03-02-000000_fails_in_the_middle/up.sql");
    let text = file.lines().nth(line.expect("a number") - 1).expect("the line");
    assert!(text.contains("nowhere"), "{text}\n{}", ran.all());
    said(&ran, &format!(": {text}\n"));
}

app!(
    "fail_caret",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);\nSELECT id,\n       nmae FROM a;", None, true)
);
app!("fail_hint", ("2026-01-01-000000_a", "CREATE TABLE a (name TEXT);\nSELECT a.nam\nFROM a;", None, true));
app!(
    "fail_inside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\n\nDO $$\nBEGIN\n  EXECUTE 'SELECT 1 FROM nowhere_at_all';\nEND $$;",
        None,
        true
    )
);
app!(
    "fail_raised",
    (
        "2026-01-01-000000_a",
        "DO $$ BEGIN RAISE EXCEPTION 'it is full' USING DETAIL = 'one' || chr(10) || 'two', HINT = 'empty it'; END $$;",
        None,
        true
    )
);
app!("fail_vacuum", ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);\nVACUUM;", None, true));
app!(
    "fail_enum",
    ("2026-01-01-000000_a", "CREATE TYPE kind AS ENUM ('one');", None, true),
    (
        "2026-01-02-000000_b",
        "ALTER TYPE kind ADD VALUE 'two';\nCREATE TABLE k (kind kind DEFAULT 'two');",
        None,
        true
    )
);
app!(
    "fail_concurrently",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1), (1);", None, true),
    ("2026-01-02-000000_b", "CREATE UNIQUE INDEX CONCURRENTLY a1 ON a (id);", None, false)
);
app!(
    "fail_deferred",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, r INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);",
        None,
        true
    )
);

#[case(on_postgres)]
fn hints_and_what_is_inside_functions() {
    let database = TestDatabase::new(Backend::Postgres);
    let ran = failed("fail_caret", &database);
    said(&ran, "column \"nmae\" does not exist\n");
    said(&ran, "up.sql, line 3\nLINE 3:        nmae FROM a;\n               ^\n");
    let ran = failed("fail_hint", &database);
    said(
        &ran,
        "LINE 2: SELECT a.nam\n               ^\nHINT: Perhaps you meant to reference the column \"a.name\".\n",
    );
    // The position is one inside of a text that is in no file.
    let ran = failed("fail_inside", &database);
    said(
        &ran,
        "relation \"nowhere_at_all\" does not exist\nFILE: fail_inside/migrations/2026-01-01-000000_a/up.sql, line 3\nLINE 3: DO $$\n",
    );
    said(&ran, "\nQUERY: SELECT 1 FROM nowhere_at_all\n");
    said(&ran, "\nCONTEXT: PL/pgSQL function inline_code_block line 3 at EXECUTE\n");
    assert!(!ran.err.contains('^'), "{}", ran.all());
    let ran = failed("fail_raised", &database);
    said(
        &ran,
        "\nDETAIL: one\n    two\nHINT: empty it\nCONTEXT: PL/pgSQL function inline_code_block line 1 at RAISE\n",
    );
    let ran = failed("fail_vacuum", &database);
    said(&ran, "`run_in_transaction = false`");
    let ran = failed("fail_enum", &TestDatabase::new(Backend::Postgres));
    said(&ran, "`run_in_transaction = false`");
    let ran = failed("fail_deferred", &database);
    said(
        &ran,
        "Caused by: It could not be committed.\nCaused by: insert or update on table \"a\" violates foreign key",
    );
    said(&ran, "Nothing of it stayed in the database.");
    said(&ran, "DETAIL: Key (r)=(2) is not present in table \"a\".");
    assert!(!is_there(&database, "a"));
    let fresh = TestDatabase::new(Backend::Postgres);
    let ran = failed("commits_do_inside", &fresh);
    said(&ran, "Nothing of it stayed in the database.");
    assert!(!is_there(&fresh, "d"));
    let ran = failed("commits_do", &fresh);
    said(&ran, "Part of its statement in line 1 may have taken effect and stayed in the database.");
    assert!(is_there(&fresh, "d"));
    let ran = failed("fail_concurrently", &database);
    said(&ran, "DETAIL: Key (id)=(1) is duplicated.");
    said(&ran, "DROP INDEX");
}

app!(
    "stay_inside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE b (id INTEGER);",
        None,
        true
    )
);
app!(
    "stay_outside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE b (id INTEGER);",
        None,
        false
    )
);
app!("stay_first", ("2026-01-01-000000_a", "INSERT INTO nowhere VALUES (1);", None, false));
app!(
    "stay_down",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);",
        Some("DROP TABLE a;\nDROP TABLE nowhere;"),
        true
    )
);

#[case(on_each_backend)]
fn what_stayed_is_reported(database: TestDatabase) {
    let is_mysql = database.backend() == Backend::MariaDb;
    let new = || TestDatabase::new(database.backend());
    let database = new();
    let ran = failed("stay_inside", &database);
    let all = if is_mysql {
        "1 of its 4 statements, those before line 2, took effect and stayed in the database."
    } else {
        "Nothing of it stayed in the database."
    };
    said(&ran, all);
    let continues = ran.err.contains("it continues in line 2,");
    assert_eq!((is_there(&database, "a"), continues), (is_mysql, is_mysql), "{}", ran.all());
    if is_mysql {
        // A new table ends the transaction, and the next statements are another one.
        assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 0);
        said(&failed("stay_inside", &database), all);
    }

    let database = new();
    let ran = failed("stay_outside", &database);
    said(&ran, "2 of its 4 statements, those before line 3, took effect and stayed in the database.");
    said(&ran, "it continues in line 3,");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 1);

    // The next run begins at what this one left.
    let ran = failed("stay_outside", &database);
    said(&ran, "2 of its 4 statements, those before line 3, took effect and stayed in the database.");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 1);

    let ran = failed("stay_first", &new());
    said(&ran, "None of its statements took effect in this run.");

    let database = new();
    let project = project_of(&["stay_down"], &database);
    assert_eq!(project.run("migrate").exit.0, 0);
    let ran = project.run("migrate zero");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    said(&ran, "could not be reverted. ");
    said(&ran, "down.sql, line 2\nLINE 2: DROP TABLE nowhere;\n");
    assert_eq!(is_there(&database, "a"), !is_mysql);
    assert_eq!(ran.err.contains("it continues in line 2,"), is_mysql, "{}", ran.all());
}

app!(
    "commits_begin",
    (
        "2026-01-01-000000_a",
        "INSERT INTO a VALUES (1);\nSTART TRANSACTION;\nINSERT INTO a VALUES (2);\nINSERT INTO nowhere VALUES (3);\nCOMMIT;",
        None,
        true
    )
);
app!(
    "commits_prepared",
    (
        "2026-01-01-000000_a",
        "SET @s = 'ALTER TABLE a ADD COLUMN x INT';\nPREPARE s FROM @s;\nEXECUTE s;\nINSERT INTO nowhere VALUES (3);",
        None,
        true
    )
);
app!("commits_called", ("2026-01-01-000000_a", "CALL p();\nINSERT INTO nowhere VALUES (3);", None, true));
app!("commits_part", ("2026-01-01-000000_a", "SELECT 1;\nCALL q();", None, true));
app!(
    "commits_myisam",
    (
        "2026-01-01-000000_a",
        "INSERT INTO m VALUES (1);\nINSERT INTO nowhere VALUES (3);\nSELECT 1;",
        None,
        true
    )
);
app!(
    "commits_do",
    (
        "2026-01-01-000000_a",
        "DO $$ BEGIN CREATE TABLE d (id INT); COMMIT; PERFORM 1 / 0; END $$",
        None,
        false
    )
);
app!(
    "commits_do_inside",
    ("2026-01-01-000000_a", "DO $$ BEGIN CREATE TABLE d (id INT); END $$;\nSELECT 1 / 0", None, true)
);
app!(
    "commits_nothing",
    ("2026-01-01-000000_a", "INSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (3);", None, true)
);

#[case(on_mariadb)]
fn what_committed_by_itself_is_reported() {
    for (app, left, query, count) in [
        (
            "commits_begin",
            "1 of its 5 statements, those before line 2, took effect and stayed in the database.",
            "SELECT COUNT(*) AS n FROM a",
            1,
        ),
        (
            "commits_prepared",
            "3 of its 4 statements, those before line 4, took effect and stayed in the database.",
            "SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'x'",
            1,
        ),
        (
            "commits_called",
            "1 of its 2 statements, those before line 2, took effect and stayed in the database.",
            "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'b'",
            1,
        ),
        (
            "commits_part",
            "1 of its 2 statements, those before line 2, took effect and may have stayed in the database.",
            "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'c'",
            1,
        ),
        (
            "commits_myisam",
            "1 of its 3 statements, those before line 2, took effect and stayed in the database.",
            "SELECT COUNT(*) AS n FROM m",
            1,
        ),
        ("commits_nothing", "Nothing of it stayed in the database.", "SELECT COUNT(*) AS n FROM a", 0),
    ] {
        let database = TestDatabase::new(Backend::MariaDb);
        let mut connection = connect(&database);
        for sql in [
            "CREATE TABLE a (id INT) ENGINE=InnoDB",
            "CREATE TABLE m (id INT) ENGINE=MyISAM",
            "CREATE PROCEDURE p() CREATE TABLE b (id INT)",
            "CREATE PROCEDURE q() BEGIN CREATE TABLE c (id INT); INSERT INTO nowhere VALUES (1); END",
        ] {
            connection.batch_execute(sql).expect(sql);
        }
        let ran = failed(app, &database);
        said(&ran, left);
        assert_eq!(number(&mut connection, query), count, "{app}: {}", ran.all());
    }
}

app!(
    "lost_postgres",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nSELECT pg_terminate_backend(pg_backend_pid());\nCREATE TABLE b (id INTEGER);",
        None,
        true
    )
);
app!(
    "lost_mysql",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nKILL CONNECTION_ID();\nCREATE TABLE b (id INTEGER);",
        None,
        true
    )
);

#[case(on_each_backend)]
fn a_connection_that_is_lost(database: TestDatabase) {
    match database.backend() {
        Backend::Sqlite => {}
        Backend::Postgres => {
            let ran = failed("lost_postgres", &database);
            said(&ran, "Nothing of it stayed in the database.");
            said(&ran, "up.sql, line 2\n");
            assert!(!is_there(&database, "a"));
        }
        Backend::MariaDb => {
            let ran = failed("lost_mysql", &database);
            said(&ran, "1 of its 4 statements, those before line 2, took effect and stayed in the database.");
            said(&ran, "up.sql, line 3\n");
            assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 0);
        }
    }
}
