//! A migration that stopped half-way is continued by the next run, where that is certain to be right.

use diesel::connection::SimpleConnection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_mariadb, on_postgres};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::Ran;

#[track_caller]
fn failed(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in words {
        assert!(ran.err.contains(words), "{words}\n--- is not in\n{}", ran.all());
    }
}

#[track_caller]
fn execute(database: &TestDatabase, sql: &str) {
    connect(database).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[track_caller]
fn rows(database: &TestDatabase, from: &str) -> i64 {
    number(&mut connect(database), &format!("SELECT COUNT(*) AS n FROM {from}"))
}

/// As if the process had been killed while the statement was running.
#[track_caller]
fn begun(database: &TestDatabase) {
    execute(database, "UPDATE __manage_migrations SET state = 'begun' WHERE state = 'ready'");
    assert_eq!(rows(database, "__manage_migrations WHERE state = 'begun'"), 1);
}

const NAME: &str = "2026-01-01-000000_a";

/// Fails unless the migration was continued, and nothing else was done.
#[track_caller]
fn is_continued(out: &str) {
    let step = out.strip_prefix("Running migrations:\n  Continuing ");
    let step = step.and_then(|step| step.strip_suffix(".2026-01-01-000000_a... OK\n"));
    assert!(step.is_some_and(|app| !app.contains('\n')), "{out}");
}

app!(
    "mend_before",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (3);",
        None,
        false
    )
);
app!(
    "mend_after",
    (
        "2026-01-01-000000_a",
        "-- Fixed\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\nINSERT INTO a VALUES (3);\nINSERT INTO a VALUES (4);",
        None,
        false
    )
);
app!(
    "mend_beginning",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id BIGINT);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);",
        None,
        false
    )
);

#[case(on_each_backend)]
fn it_continues_at_the_statement_that_was_fixed(database: TestDatabase) {
    let before = project_of(&["mend_before"], &database);
    failed(&before.run("migrate"), &["it continues in line 3,"]);
    let shown = format!("mend_before\n [~] {NAME} (2 of 4 statements)\n");
    assert_eq!(done(&before, "showmigrations"), shown);
    let plan = format!("Planned operations:\n  Continue {NAME} (2 of 4 statements done)\n");
    assert_eq!(done(&before, "migrate --plan"), plan);
    assert_eq!(before.run("migrate --check").exit.0, 1);
    let ran = before.run("check --database default");
    assert!(ran.all().contains(&format!("(manage.W018) Begun and not finished: {NAME}.")), "{}", ran.all());
    is_continued(&done(&project_of(&["mend_after"], &database), "migrate"));
    assert_eq!((rows(&database, "a"), rows(&database, "a WHERE id = 1")), (4, 1));
    let after = project_of(&["mend_after"], &database);
    assert_eq!(done(&after, "showmigrations"), format!("mend_after\n [X] {NAME}\n"));
}

app!("mend_renamed", ("2026-01-02-000000_a", "CREATE TABLE b (id INTEGER);", Some("DROP TABLE b;"), true));

#[case(on_each_backend)]
fn one_that_the_program_lost_is_shown(database: TestDatabase) {
    failed(&project_of(&["mend_before"], &database).run("migrate"), &["it continues in line 3,"]);
    let project = project_of(&["mend_renamed"], &database);
    let text = format!("Begun and not finished, and not in this program: {NAME}.");
    let hint = "If it is gone permanently, undo by hand what was done of it, and remove the record: `manage migrate APP_LABEL --prune`.";
    for line in ["migrate --plan", "migrate"] {
        let ran = project.run(line);
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
        assert!(ran.err.starts_with(&format!("Warning: {text}\nHint: Restore ")), "{}", ran.all());
        assert!(ran.err.ends_with(&format!("{hint}\n")), "{}", ran.all());
    }
    assert_eq!(project.run("migrate --check").exit.0, 0, "there is nothing to do");
    let shown = done(&project, "showmigrations");
    assert!(shown.ends_with(&format!("unknown\n [~] {NAME} (2 of 4 statements)\n")), "{shown}");
    let json = done(&project, "showmigrations --format json");
    let progress = r#""progress":{"direction":"apply","done":2,"of":4}"#;
    assert!(json.contains(progress) && json.contains(r#""app":null"#), "{json}");
    let ran = project.run("check --database default");
    assert!(ran.exit.0 == 0 && ran.all().contains(&format!("(manage.W018) {text}")), "{}", ran.all());
    assert!(ran.all().contains(hint), "{}", ran.all());

    // Its app is that of the record.
    execute(&database, "UPDATE __manage_migrations SET app = 'mend_renamed' WHERE state <> 'finished'");
    let pruned = done(&project, "migrate mend_renamed --prune");
    assert_eq!(pruned, format!("Pruning migrations:\n  Pruning mend_renamed.{NAME} OK\n"));
    assert_eq!(project.run("migrate").err, "");
}

#[case(on_each_backend)]
fn an_edit_of_what_was_done_is_refused(database: TestDatabase) {
    failed(&project_of(&["mend_before"], &database).run("migrate"), &[]);
    let project = project_of(&["mend_beginning"], &database);
    let words = [
        "Error: The migration 2026-01-01-000000_a cannot be continued: its first 2 statements were done, and mend_beginning/migrations/2026-01-01-000000_a/up.sql was edited there since.",
        "`migrate --resume 20260101000000=restart`",
    ];
    failed(&project.run("migrate"), &words);
    failed(&project.run("migrate --resume 20260101000000=again"), &words);
    execute(&database, "DROP TABLE a");
    let applied = format!("Running migrations:\n  Applying mend_beginning.{NAME}... OK\n");
    assert_eq!(done(&project, "migrate --resume 2026-01=restart"), applied);
    assert_eq!(rows(&database, "a"), 2);
    // An answer that nobody asked for changes nothing.
    let ran = project.run("migrate --resume 2026-01=restart");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(ran.err.contains(&format!("Warning: {NAME} is not half done")), "{}", ran.all());
    assert_eq!(rows(&database, "__manage_migrations WHERE state = 'finished'"), 1);
}

/// What is done within one transaction leaves nothing to continue.
#[case(on_each_backend)]
fn a_transaction_leaves_nothing(database: TestDatabase) {
    let project = project_of(&["nothing_left"], &database);
    failed(&project.run("migrate"), &["Nothing of it stayed in the database."]);
    assert_eq!(done(&project, "showmigrations"), format!("nothing_left\n [ ] {NAME}\n"));
    assert_eq!(rows(&database, "__manage_migrations"), 0);
}
app!(
    "nothing_left",
    (
        "2026-01-01-000000_a",
        "DELETE FROM __diesel_schema_migrations;\nINSERT INTO nowhere VALUES (1);",
        None,
        true
    )
);

app!(
    "own_transaction",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nBEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nCOMMIT;\nINSERT INTO a VALUES (2);",
        None,
        false
    )
);

#[case(on_each_backend)]
fn a_files_own_transaction_is_done_or_not(database: TestDatabase) {
    let project = project_of(&["own_transaction"], &database);
    failed(&project.run("migrate"), &["1 of its 6 statements, those before line 2, took effect"]);
    assert_eq!(rows(&database, "a"), 0);
    execute(&database, "CREATE TABLE nowhere (id INTEGER)");
    is_continued(&done(&project, "migrate"));
    assert_eq!((rows(&database, "a"), rows(&database, "nowhere")), (2, 1));
}

app!(
    "half_reverted",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER);",
        Some("DROP TABLE b;\nINSERT INTO nowhere VALUES (1);\nDROP TABLE a;"),
        false
    )
);

#[case(on_each_backend)]
fn a_revert_is_finished_before_anything_else(database: TestDatabase) {
    let project = project_of(&["half_reverted"], &database);
    done(&project, "migrate");
    failed(&project.run("migrate zero"), &["could not be reverted. 1 of its 3 statements"]);
    let shown = format!("half_reverted\n [~] {NAME} (1 of 3 statements reverted)\n");
    assert_eq!(done(&project, "showmigrations"), shown);
    let plan = format!(
        "Planned operations:\n  Continue to revert {NAME} (1 of 3 statements done)\n  Apply {NAME}\n"
    );
    assert_eq!(done(&project, "migrate --plan"), plan);
    execute(&database, "CREATE TABLE nowhere (id INTEGER)");
    let ran = format!(
        "Running migrations:\n  Continuing to revert half_reverted.{NAME}... OK\n  Applying half_reverted.{NAME}... OK\n"
    );
    assert_eq!(done(&project, "migrate"), ran);
    assert!(is_there(&database, "a") && is_there(&database, "b"));
    assert_eq!(done(&project, "showmigrations"), format!("half_reverted\n [X] {NAME}\n"));
}

app!(
    "session_sqlite",
    (
        "2026-01-01-000000_a",
        "PRAGMA recursive_triggers = ON;\nCREATE TABLE a AS SELECT 1 AS id;\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a SELECT * FROM pragma_recursive_triggers;",
        None,
        false
    )
);
app!(
    "session_postgres",
    (
        "2026-01-01-000000_a",
        "SET shop.id = '1';\nCREATE TABLE a (id TEXT);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (current_setting('shop.id'));\n\
         SET ROLE pg_monitor;\nSELECT 1;\nRESET ROLE;\nINSERT INTO a VALUES (current_user);\nCLUSTER;",
        None,
        false
    )
);
app!(
    "session_mysql",
    (
        "2026-01-01-000000_a",
        "SET @id = 1;\nCREATE TABLE a (id INT);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (@id);",
        None,
        true
    )
);

#[case(on_each_backend)]
fn the_settings_of_a_session_are_made_again(database: TestDatabase) {
    let (app, made) = match database.backend() {
        Backend::Sqlite => ("session_sqlite", "a WHERE id = 1"),
        Backend::Postgres => ("session_postgres", "a WHERE id IN ('1', current_user)"),
        Backend::MariaDb => ("session_mysql", "a WHERE id = 1"),
    };
    let project = project_of(&[app], &database);
    failed(&project.run("migrate"), &["2 of its ", "those before line 3, took effect"]);
    execute(&database, "CREATE TABLE nowhere (id INTEGER)");
    is_continued(&done(&project, "migrate"));
    assert_eq!(rows(&database, made), if database.backend() == Backend::MariaDb { 1 } else { 2 });
}

app!(
    "temporary",
    (
        "2026-01-01-000000_a",
        "CREATE TEMPORARY TABLE t (id INTEGER);\nINSERT INTO t VALUES (1);\nINSERT INTO nowhere VALUES (1);",
        None,
        false
    )
);

#[case(on_each_backend)]
fn what_ended_with_the_session_cannot_be_continued(database: TestDatabase) {
    let project = project_of(&["temporary"], &database);
    failed(&project.run("migrate"), &["2 of its 3 statements"]);
    execute(&database, "CREATE TABLE nowhere (id INTEGER)");
    let words = ["the earlier run's session has ended", "creates in line 1 for the session", "=restart`"];
    failed(&project.run("migrate"), &words);
    done(&project, "migrate --resume 20260101000000=restart");
}

/// Apps whose second migration begins with one statement, what has the same effect, and what the run says.
macro_rules! repeated {
    ($list:ident: $($app:literal, $statement:expr, $by_hand:expr, $code:literal;)+) => {
        $(app!(
            $app,
            ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER, old INTEGER); CREATE TABLE c (id INTEGER); CREATE INDEX c_id ON c (id); CREATE TABLE gone (id INTEGER);", None, true),
            ("2026-01-02-000000_b", concat!($statement, ";\nINSERT INTO a (id) VALUES (1);"), None, false)
        );)+
        const $list: &[(&str, &str, &str)] = &[$(($app, $by_hand, $code)),+];
    };
}

repeated! { MYSQL:
    "again_table", "CREATE TABLE b (id INT)", "CREATE TABLE b (id INT)", "1050";
    "again_index", "CREATE INDEX a_id ON a (id)", "CREATE INDEX a_id ON a (id)", "1061";
    "again_column", "ALTER TABLE a ADD COLUMN x INT, ADD INDEX (x)", "ALTER TABLE a ADD COLUMN x INT, ADD INDEX (x)", "1060";
    "again_named", "ALTER TABLE a ADD CONSTRAINT big CHECK (id > 0)", "ALTER TABLE a ADD CONSTRAINT big CHECK (id > 0)", "1826";
    "again_drop_column", "ALTER TABLE a DROP COLUMN old", "ALTER TABLE a DROP COLUMN old", "1091";
    "again_change", "ALTER TABLE a CHANGE old young INT", "ALTER TABLE a CHANGE old young INT", "1054";
    "again_drop_index", "DROP INDEX c_id ON c", "DROP INDEX c_id ON c", "1091";
    "again_drop_table", "DROP TABLE gone", "DROP TABLE gone", "1051";
    "again_rename", "RENAME TABLE c TO d", "RENAME TABLE c TO d", "1";
    "again_primary", "ALTER TABLE a ADD PRIMARY KEY (id)", "ALTER TABLE a ADD PRIMARY KEY (id)", "1068";
    "again_view", "CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 1", "1050";
    "again_trigger", "CREATE TRIGGER t BEFORE INSERT ON c FOR EACH ROW SET NEW.id = 2", "CREATE TRIGGER t BEFORE INSERT ON c FOR EACH ROW SET NEW.id = 2", "1359";
    "again_procedure", "CREATE PROCEDURE p() SELECT 1", "CREATE PROCEDURE p() SELECT 1", "1304";
}
repeated! { POSTGRES:
    "again_drop_concurrently", "DROP INDEX CONCURRENTLY c_id", "DROP INDEX c_id", "42704";
    "again_tablespace", "DROP DATABASE no_such_database_at_all", "SELECT 1", "3D000";
}

/// A statement that was done before the process was killed fails if it is run again. That is an error, unless
/// the journal says that it had been begun.
fn again(backend: Backend, list: &[(&'static str, &str, &str)]) {
    for (app, by_hand, code) in list {
        let database = TestDatabase::new(backend);
        let project = project_of(&[app], &database);
        done(&project, "migrate 20260101");
        execute(&database, by_hand);
        for _ in 0..2 {
            failed(&project.run("migrate"), &[code, "None of its statements took effect in this run."]);
        }
        begun(&database);
        let out = done(&project, "migrate");
        let note = format!(
            "  Continuing {app}.2026-01-02-000000_b... OK\n    The statement in line 1 was done already: "
        );
        assert!(out.contains(&note), "{app}: {out}");
        assert_eq!(rows(&database, "a"), 1, "{app}");
    }
}

#[case(on_mariadb)]
fn what_mariadb_has_done_already() {
    again(Backend::MariaDb, MYSQL);
}

#[case(on_postgres)]
fn what_postgresql_has_done_already() {
    again(Backend::Postgres, POSTGRES);
}

app!(
    "concurrent",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1), (1);", None, true),
    (
        "2026-01-02-000000_b",
        "CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_two ON a (id, id);",
        None,
        false
    )
);

#[case(on_postgres)]
fn an_index_that_was_not_finished_is_built_again() {
    let database = TestDatabase::postgres();
    let project = project_of(&["concurrent"], &database);
    let invalid = "pg_index WHERE NOT indisvalid";
    failed(&project.run("migrate"), &["is duplicated", "The next run drops it"]);
    assert_eq!(rows(&database, invalid), 1);
    execute(&database, "DELETE FROM a");
    let dropped = "    Dropped the invalid index public.a_id, which an earlier run could not finish.\n";
    let out = done(&project, "migrate");
    assert_eq!(
        out,
        format!("Running migrations:\n  Continuing concurrent.2026-01-02-000000_b... OK\n{dropped}")
    );
    assert_eq!((rows(&database, invalid), rows(&database, "pg_indexes WHERE tablename = 'a'")), (0, 2));

    // Killed after it was built.
    let database = TestDatabase::postgres();
    let project = project_of(&["concurrent"], &database);
    done(&project, "migrate 20260101");
    execute(&database, "DELETE FROM a; CREATE UNIQUE INDEX a_id ON a (id)");
    failed(&project.run("migrate"), &["already exists"]);
    begun(&database);
    assert!(done(&project, "migrate").contains("\n    The index of line 1 was built already.\n"));
    assert_eq!(rows(&database, "pg_indexes WHERE tablename = 'a'"), 2);

    // With IF NOT EXISTS, PostgreSQL would be content with the invalid one.
    let database = TestDatabase::postgres();
    let project = project_of(&["concurrent_if"], &database);
    failed(&project.run("migrate"), &["is duplicated"]);
    execute(&database, "DELETE FROM a");
    assert!(done(&project, "migrate").contains("Dropped the invalid index public.a_id,"));
    assert_eq!((rows(&database, invalid), rows(&database, "pg_indexes WHERE tablename = 'a'")), (0, 1));
}
app!(
    "concurrent_if",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1), (1);", None, true),
    (
        "2026-01-02-000000_b",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS A_ID ON public.a (id);",
        None,
        false
    )
);

app!("unclear", ("2026-01-01-000000_a", "SELECT 1;\nCALL p();\nINSERT INTO a VALUES (3);", None, false));

fn procedure(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "CREATE TABLE a (id INT); CREATE TABLE broken (id INT PRIMARY KEY); INSERT INTO broken VALUES (1); \
             CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO broken VALUES (1); INSERT INTO a VALUES (2); END $$"
        }
        _ => {
            "CREATE TABLE a (id INT); CREATE TABLE broken (id INT PRIMARY KEY); INSERT INTO broken VALUES (1); \
             CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO broken VALUES (1); INSERT INTO a VALUES (2); END"
        }
    }
}

/// Of a procedure nobody knows what it has done.
fn a_procedure_is_asked_about(backend: Backend) {
    for (answer, expected) in [("again", 4), ("done", 2)] {
        let database = TestDatabase::new(backend);
        execute(&database, procedure(backend));
        let project = project_of(&["unclear"], &database);
        failed(
            &project.run("migrate"),
            &["may have stayed in the database", "`--resume 20260101000000=again`"],
        );
        execute(&database, "DELETE FROM broken");
        let words = [
            "Error: An earlier run of 2026-01-01-000000_a ended while a statement was running, and it is not certain whether that was done.",
            "\nFILE: unclear/migrations/2026-01-01-000000_a/up.sql, line 2\nLINE 2: CALL p()\n",
            "`--resume 20260101000000=done`",
        ];
        for _ in 0..2 {
            failed(&project.run("migrate"), &words);
        }
        is_continued(&done(&project, &format!("migrate --resume 20260101000000={answer}")));
        assert_eq!(rows(&database, "a"), expected, "{answer}");
    }
}

#[case(on_postgres)]
fn a_procedure_of_postgresql_is_asked_about() {
    a_procedure_is_asked_about(Backend::Postgres);
}

#[case(on_mariadb)]
fn a_procedure_of_mariadb_is_asked_about() {
    a_procedure_is_asked_about(Backend::MariaDb);
}

#[cfg(feature = "terminal")]
#[case(on_postgres)]
fn on_a_terminal_it_asks() {
    use manage::console::Input;

    for (typed, exit, expected) in [("It was done", 0, 2), ("It was not done", 0, 4), ("Stop", 1, 1)] {
        let database = TestDatabase::postgres();
        execute(&database, procedure(Backend::Postgres));
        failed(&project_of(&["unclear"], &database).run("migrate"), &[]);
        execute(&database, "DELETE FROM broken");
        let project = manage::testing::Project::new(manage::Program::new(&["unclear"]));
        let typed = Input::from(format!("{typed}\n")).as_terminal();
        let ran = project.env("DATABASE_URL", database.url()).stdin(typed).run(["migrate"]);
        assert_eq!(ran.exit.0, exit, "{ran}");
        let asked = ["\nLINE 2: CALL p()\n", "Was the statement done?"];
        assert!(asked.iter().all(|words| ran.stderr.contains(words)), "{ran}");
        assert_eq!(rows(&database, "a"), expected, "{ran}");
    }
}

app!(
    "unclear_myisam",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM;\nINSERT INTO m VALUES (1), (2), (1);\nINSERT INTO m VALUES (3);",
        None,
        true
    )
);
app!(
    "fixed_myisam",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM;\nINSERT INTO m VALUES (4), (5);\nINSERT INTO m VALUES (3);",
        None,
        true
    )
);

#[case(on_mariadb)]
fn rows_that_cannot_be_rolled_back_are_asked_about() {
    let database = TestDatabase::mariadb();
    let project = project_of(&["unclear_myisam"], &database);
    failed(
        &project.run("migrate"),
        &["1 of its 3 statements, those before line 2, took effect and may have stayed"],
    );
    assert_eq!(rows(&database, "m"), 2);
    failed(&project.run("migrate"), &["\nLINE 2: INSERT INTO m VALUES (1), (2), (1)\n"]);
    let fixed = project_of(&["fixed_myisam"], &database);
    let changed = "\nThe file has another statement there than the one that was begun.\nLINE 2: INSERT INTO m VALUES (4), (5)\n";
    failed(&fixed.run("migrate"), &[changed]);
    done(&fixed, "migrate --resume 20260101000000=again");
    assert_eq!(rows(&database, "m"), 5);
}

app!(
    "locked",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INT);\nLOCK TABLES a WRITE, b WRITE;\nINSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\nUNLOCK TABLES;\nINSERT INTO a VALUES (2);",
        None,
        true
    )
);

#[case(on_mariadb)]
fn locked_tables_are_locked_again() {
    let database = TestDatabase::mariadb();
    execute(&database, "CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO b VALUES (1)");
    let project = project_of(&["locked"], &database);
    let _ = project.run("migrate");
    execute(&database, "DELETE FROM b");
    is_continued(&done(&project, "migrate"));
    assert_eq!((rows(&database, "a"), rows(&database, "b")), (2, 1));
}

#[case(on_each_backend)]
fn an_answer_has_one_of_three_forms(database: TestDatabase) {
    let project = project_of(&["mend_after"], &database);
    for answer in ["20260101000000", "20260101000000=maybe", "=done"] {
        let ran = project.run(&format!("migrate --resume {answer}"));
        assert!(ran.exit.0 != 0, "{answer}: {}", ran.all());
    }
    let ran = project.run("migrate --resume 20260101000000=maybe");
    assert!(ran.err.contains("write VERSION=again, VERSION=done or VERSION=restart"), "{}", ran.all());
    assert!(!is_there(&database, "a"));
}
