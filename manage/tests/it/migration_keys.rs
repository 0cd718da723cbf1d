//! SQLite's foreign keys while tables are rebuilt: no row of another table goes, and every reference holds
//! afterwards.

use diesel::connection::SimpleConnection;
use manage::__private::internals::{MigrationTarget, Migrations, apply};
use manage::Program;
use manage::database::Connection;
use manage_test_support::{Backend, CaseName, Suite, TestDatabase, case};

use crate::backends::{connect, settings};
use crate::migrating::done;
use crate::migration_files::{app, number, project_of};

fn on_sqlite_database(suite: &mut Suite, name: &CaseName, test: fn(TestDatabase)) {
    if cfg!(feature = "sqlite") {
        suite.test(name, move || test(TestDatabase::sqlite()));
    }
}

const TABLES: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);\n\
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);\n\
    CREATE TABLE grandchild (id INTEGER PRIMARY KEY, child INTEGER REFERENCES child (id) ON DELETE SET NULL);\n\
    INSERT INTO parent VALUES (1, 'a'), (2, 'b');\nINSERT INTO child VALUES (1, 1), (2, 1), (3, 2);\nINSERT INTO grandchild VALUES (1, 3);";
const REBUILD: &str = "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO new_parent SELECT * FROM parent;\n\
    DROP TABLE parent;\nALTER TABLE new_parent RENAME TO parent;";
/// As SQLite's documentation has it, with what can only be done outside of a transaction.
const BY_THE_BOOK: &str = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE new_child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE, note TEXT);\n\
    INSERT INTO new_child SELECT id, parent, '' FROM child;\nDROP TABLE child;\nALTER TABLE new_child RENAME TO child;\n\
    CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO new_parent SELECT * FROM parent;\nDROP TABLE parent;\nALTER TABLE new_parent RENAME TO parent;\n\
    PRAGMA foreign_key_check;\nCOMMIT;\nPRAGMA foreign_keys=ON;";

app!(
    "keys_rebuild",
    (
        "2026-01-01-000000_tables",
        TABLES,
        Some("DROP TABLE grandchild; DROP TABLE child; DROP TABLE parent;"),
        true
    ),
    ("2026-01-02-000000_rebuild", REBUILD, Some(REBUILD), true),
    ("2026-01-03-000000_again", BY_THE_BOOK, Some(BY_THE_BOOK), true),
    ("2026-01-04-000000_outside", REBUILD, Some(REBUILD), false),
    ("2026-01-05-000000_outside_by_the_book", BY_THE_BOOK, Some(BY_THE_BOOK), false)
);

#[case(on_sqlite_database)]
fn a_table_that_is_rebuilt_keeps_the_rows_that_refer_to_it(database: TestDatabase) {
    let project = project_of(&["keys_rebuild"], &database);
    for target in [
        "20260101", "20260102", "20260103", "20260104", "20260105", "20260104", "20260103", "20260102",
        "20260101", "20260105", "20260101",
    ] {
        done(&project, &format!("migrate {target}"));
        let connection = &mut connect(&database);
        let rows = ["child", "parent", "grandchild WHERE child = 3"]
            .map(|from| number(connection, &format!("SELECT COUNT(*) AS n FROM {from}")));
        assert_eq!(rows, [3, 2, 1], "{target}");
        // The keys still lead to the table, and work.
        assert!(
            connection.batch_execute("INSERT INTO child (id, parent) VALUES (9, 9)").is_err(),
            "{target}"
        );
    }
    done(&project, "migrate zero");
}

app!(
    "keys_triggers",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); CREATE TABLE log (n INTEGER); CREATE TABLE c (t INTEGER REFERENCES t (id) ON DELETE CASCADE);\n\
         CREATE INDEX i ON t (n); CREATE VIEW v AS SELECT n FROM t;\n\
         CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.n); END;\n\
         CREATE TRIGGER other AFTER INSERT ON log BEGIN UPDATE t SET n = n + 1 WHERE id = 1; END;\n\
         INSERT INTO t VALUES (1, 10); INSERT INTO c VALUES (1);",
        None,
        true
    ),
    (
        "2026-01-02-000000_b",
        "CREATE TABLE new_t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL); INSERT INTO new_t SELECT * FROM t; DROP VIEW v; DROP TRIGGER other; DROP TABLE t; ALTER TABLE new_t RENAME TO t;\n\
         CREATE INDEX i ON t (n); CREATE VIEW v AS SELECT n FROM t;\nCREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.n); END;\n\
         CREATE TRIGGER other AFTER INSERT ON log BEGIN UPDATE t SET n = n + 1 WHERE id = 1; END;",
        None,
        true
    )
);
app!(
    "keys_triggers_kept",
    (
        "2026-01-03-000000_c",
        "PRAGMA legacy_alter_table = ON; CREATE TABLE new_t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0); INSERT INTO new_t SELECT * FROM t; DROP TABLE t; ALTER TABLE new_t RENAME TO t;",
        None,
        true
    )
);

#[case(on_sqlite_database)]
fn indexes_triggers_and_views_survive_a_rebuild(database: TestDatabase) {
    done(&project_of(&["keys_triggers"], &database), "migrate");
    let connection = &mut connect(&database);
    connection.batch_execute("INSERT INTO t VALUES (2, 20)").expect("a row");
    assert_eq!(number(connection, "SELECT SUM(n) AS n FROM v"), 12 + 20);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM log"), 2);
    // A view that stays while its table is gone takes the old behaviour of ALTER TABLE, which ends with the
    // migration.
    done(&project_of(&["keys_triggers", "keys_triggers_kept"], &database), "migrate");
    assert_eq!(number(connection, "SELECT SUM(n) AS n FROM v"), 12 + 20);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM c"), 1);
}

app!(
    "keys_broken",
    ("2026-01-01-000000_tables", TABLES, None, true),
    (
        "2026-01-02-000000_delete",
        "CREATE TABLE later (id INTEGER);\nDELETE FROM parent WHERE id = 2;",
        None,
        true
    )
);

#[case(on_sqlite_database)]
fn a_reference_that_breaks_rolls_back(database: TestDatabase) {
    let project = project_of(&["keys_broken"], &database);
    let ran = project.run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in [
        "The migration 2026-01-02-000000_delete could not be applied. Nothing of it stayed in the database.",
        "1 row of child (rowid 3) refers to a row of parent that does not exist",
        "2026-01-02-000000_delete/up.sql",
        "PRAGMA foreign_keys = ON;",
    ] {
        assert!(ran.err.contains(words), "{words}\n{}", ran.all());
    }
    let connection = &mut connect(&database);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM parent"), 2);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'later'"), 0);
}

const RENAMED_FIRST: &str = "ALTER TABLE parent RENAME TO old_parent;\nCREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
    INSERT INTO parent SELECT * FROM old_parent;\nDROP TABLE old_parent;";
app!(
    "keys_renamed",
    ("2026-01-01-000000_tables", TABLES, None, true),
    ("2026-01-02-000000_rename", RENAMED_FIRST, None, true)
);
app!("keys_renamed_prepared" before &[(manage::settings::Backend::Sqlite, &["PRAGMA legacy_alter_table = ON"])],
    ("2026-01-01-000000_tables", TABLES, None, true), ("2026-01-02-000000_rename", RENAMED_FIRST, None, true));

#[case(on_sqlite_database)]
fn a_table_that_is_renamed_first_is_explained(database: TestDatabase) {
    let ran = project_of(&["keys_renamed"], &database).run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in [
        "3 rows of child (rowid 1, for example) refer to the table old_parent, which does not exist.",
        "PRAGMA legacy_alter_table = ON",
    ] {
        assert!(ran.err.contains(words), "{words}\n{}", ran.all());
    }
    done(&project_of(&["keys_renamed_prepared"], &database), "migrate");
    assert_eq!(
        number(&mut connect(&database), "SELECT COUNT(*) AS n FROM child JOIN parent ON parent = parent.id"),
        3
    );
}

app!(
    "keys_broken_outside",
    ("2026-01-01-000000_tables", TABLES, None, true),
    ("2026-01-02-000000_delete", "CREATE TABLE later (id INTEGER);\nDELETE FROM parent;", None, false)
);
app!(
    "keys_broken_in_its_own",
    ("2026-01-01-000000_tables", TABLES, None, true),
    (
        "2026-01-02-000000_delete",
        "CREATE TABLE later (id INTEGER);\nBEGIN;\nDELETE FROM parent;\nCOMMIT;",
        None,
        false
    )
);

#[case(on_sqlite_database)]
fn outside_of_a_transaction_it_is_reported_what_stayed(database: TestDatabase) {
    let ran = project_of(&["keys_broken_outside"], &database).run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(
        ran.err.contains("All of its 2 statements took effect and stayed in the database."),
        "{}",
        ran.all()
    );
    assert!(
        ran.err.contains("3 rows of child (rowid 1, for example) refer to rows of parent that do not exist"),
        "{}",
        ran.all()
    );
    assert!(
        ran.err.contains("Fix that, and run the command again: only the record is missing."),
        "{}",
        ran.all()
    );

    let database = TestDatabase::sqlite();
    let ran = project_of(&["keys_broken_in_its_own"], &database).run("migrate");
    assert!(ran.err.contains("1 of its 4 statements, those before line 2, took effect"), "{}", ran.all());
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM parent"), 2);
}

app!("keys_tables", ("2026-01-01-000000_tables", TABLES, None, true));
app!(
    "keys_more",
    ("2026-02-03-000000_more", "CREATE TABLE more (id INTEGER);", None, true),
    ("2026-02-04-000000_worse", "INSERT INTO child VALUES (11, 98);", None, true)
);

#[case(on_sqlite_database)]
fn references_that_did_not_hold_before_stop_nothing(database: TestDatabase) {
    done(&project_of(&["keys_tables"], &database), "migrate");
    let broken = "PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (10, 99); CREATE TABLE odd (id INTEGER REFERENCES parent (name)); INSERT INTO odd VALUES (1)";
    connect(&database).batch_execute(broken).expect("a row without a parent");
    let project = project_of(&["keys_tables", "keys_more"], &database);
    let ran = project.run("migrate 20260203");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    for words in [
        "Warning: Foreign keys are violated already: 1 row of child (rowid 10) refers to a row of parent that does not exist;",
        "the foreign keys of odd cannot be checked: foreign key mismatch",
    ] {
        assert!(ran.err.contains(words), "{words}\n{}", ran.all());
    }
    let ran = project.run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(
        ran.err.contains("2 rows of child (rowid 10, for example) refer to rows of parent that do not exist"),
        "{}",
        ran.all()
    );
}

app!(
    "keys_on",
    ("2026-01-01-000000_tables", TABLES, None, true),
    (
        "2026-01-02-000000_delete",
        "-- Its children, too.\nPRAGMA foreign_keys = ON;\nDELETE FROM parent WHERE id = 1;",
        None,
        true
    ),
    ("2026-01-03-000000_outside", "PRAGMA foreign_keys = 1;\nDELETE FROM parent;", None, false)
);

#[case(on_sqlite_database)]
fn a_file_may_keep_the_keys_on(database: TestDatabase) {
    let project = project_of(&["keys_on"], &database);
    done(&project, "migrate 20260102");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM child"), 1);
    done(&project, "migrate");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM child"), 0);
}

app!(
    "keys_failing",
    ("2026-01-01-000000_tables", TABLES, None, true),
    (
        "2026-01-02-000000_fails",
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; SELECT nonsense;",
        None,
        true
    )
);
app!(
    "keys_failing_outside",
    ("2026-01-01-000000_tables", TABLES, None, true),
    (
        "2026-01-02-000000_fails",
        "PRAGMA recursive_triggers = ON; BEGIN; DELETE FROM child; SELECT nonsense; COMMIT;",
        None,
        false
    )
);

#[case(on_sqlite_database)]
fn the_keys_are_on_again_whatever_happens(_: TestDatabase) {
    for (app, succeeds) in [
        ("keys_rebuild", true),
        ("keys_broken", false),
        ("keys_failing", false),
        ("keys_failing_outside", false),
    ] {
        let database = TestDatabase::sqlite();
        let settings = settings(database.url());
        let connection = &mut Connection::open(&settings).expect("a connection");
        let migrations = Migrations::of_program(&Program::new(&[app]), settings.backend)
            .expect("migrations")
            .expect("some");
        let applied = apply(connection, &migrations, &MigrationTarget::Latest, |_, _| Ok(()));
        assert_eq!(applied.is_ok(), succeeds, "{app}: {applied:?}");
        for (pragma, value) in [("foreign_keys", 1), ("legacy_alter_table", 0), ("recursive_triggers", 0)] {
            assert_eq!(
                number(connection, &format!("SELECT (SELECT * FROM pragma_{pragma}) AS n")),
                value,
                "{app}: {pragma}"
            );
        }
        assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM child"), 3, "{app}");
        assert_eq!(database.backend(), Backend::Sqlite);
    }
}
