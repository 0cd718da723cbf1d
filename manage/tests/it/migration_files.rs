//! What a migration's file may hold: whatever editors, dumps and people write into it.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use manage::Program;
use manage::database::Connection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend};
use crate::migrating::done;
use crate::project::Project;

/// Registers the migrations of an app that is no crate of its own: for each a name, its SQL to apply and to
/// revert, whether it runs in a transaction, and perhaps its dependencies. `before` is as in `manage::migrations!`.
macro_rules! app {
    (@dependencies) => { &[] };
    (@dependencies $dependencies:expr) => { $dependencies };
    ($app:literal $(before $before:expr)?, $(($name:literal, $up:expr, $down:expr, $in_transaction:literal $(, replaces $($replaces:literal)+)? $(, needs $dependencies:expr)?)),+ $(,)?) => {
        const _: () = {
            use manage::__private::{EmbeddedMigration, MigrationsRegistration, Part};
            const FOLDER: &[EmbeddedMigration] = &[$(EmbeddedMigration {
                name: $name,
                up: $up,
                down: $down,
                in_transaction: $in_transaction,
                replaces: &[$($($replaces),+)?],
                dependencies: crate::migration_files::app!(@dependencies $($dependencies)?),
                limits: manage::__private::MigrationLimits::NONE,
            }),+];
            manage::__private::inventory::submit! {
                MigrationsRegistration::new(
                    &[Part::Folder(None, "migrations", FOLDER), $(Part::Before($before))?],
                    ($app, concat!($app, "/src/lib.rs"), 1),
                    concat!("/srv/", $app),
                )
            }
        };
    };
}
pub(crate) use app;

/// A project of these apps on this database.
pub(crate) fn project_of(apps: &[&'static str], database: &TestDatabase) -> Project {
    let apps = Box::leak(apps.to_vec().into_boxed_slice());
    Project::with(Program::new(apps)).env("DATABASE_URL", database.url())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The number that a query with a column `n` results in.
#[track_caller]
pub(crate) fn number(connection: &mut Connection, query: &str) -> i64 {
    diesel::sql_query(query)
        .get_result::<Number>(connection)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .n
}

/// Whether a table is there.
#[track_caller]
pub(crate) fn is_there(database: &TestDatabase, table: &str) -> bool {
    let from = match database.backend() {
        Backend::Sqlite => format!("sqlite_master WHERE name = '{table}'"),
        Backend::Postgres => format!("pg_tables WHERE schemaname = 'public' AND tablename = '{table}'"),
        Backend::MariaDb => {
            format!("information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}'")
        }
    };
    number(&mut connect(database), &format!("SELECT COUNT(*) AS n FROM {from}")) == 1
}

app!(
    "files_marks",
    (
        "2026-01-01-000000_a",
        "\u{feff}CREATE TABLE a (id INTEGER);\n\u{feff}CREATE TABLE b (id INTEGER);",
        Some("\u{feff}DROP TABLE a; DROP TABLE b;"),
        true
    ),
    ("2026-01-02-000000_b", "\u{feff}", Some("\u{feff}\r\n-- nothing\r\n"), false)
);

#[case(on_each_backend)]
fn byte_order_marks_are_skipped(database: TestDatabase) {
    let project = project_of(&["files_marks"], &database);
    done(&project, "migrate");
    assert!(is_there(&database, "a") && is_there(&database, "b"));
    done(&project, "migrate zero");
    assert!(!is_there(&database, "a"));
}

app!(
    "files_empty",
    ("2026-01-01-000000_a", "", Some(""), true),
    ("2026-01-02-000000_b", " \r\n\t\n", Some("/* nothing; */ -- here;"), true),
    (
        "2026-01-03-000000_c",
        "-- Your SQL goes here",
        Some("-- This file should undo anything in `up.sql`"),
        false
    ),
    ("2026-01-04-000000_d", ";;\n;", Some(";"), true)
);

#[case(on_each_backend)]
fn files_without_statements_do_nothing(database: TestDatabase) {
    let project = project_of(&["files_empty"], &database);
    done(&project, "migrate");
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 4);
    done(&project, "migrate zero");
    assert_eq!(done(&project, "showmigrations").matches("[ ]").count(), 4);
}

const SQLITE_BODIES: &str = "-- a; b\r\nCREATE TABLE a (id INTEGER, t TEXT); /* ; */\r\nCREATE TABLE log (t TEXT);\r\n\
    CREATE TRIGGER tr AFTER INSERT ON a BEGIN\r\n  INSERT INTO log VALUES (CASE WHEN new.id > 1 THEN 'big;' ELSE 'one''s;' END);\r\n  UPDATE a SET t = 'x;y' WHERE id = new.id;\r\nEND;\r\n\
    INSERT INTO a VALUES (1, '');INSERT INTO a VALUES (2, '')\r\n";
const POSTGRES_BODIES: &str = "-- a; b\r\nCREATE TABLE a (id INTEGER, t TEXT); /* ; /* ; */ ; */\r\nCREATE TABLE log (t TEXT);\r\n\
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$\r\nBEGIN\r\n  INSERT INTO log VALUES (CASE WHEN new.id > 1 THEN E'big\\;' ELSE 'one''s;' END);\r\n  new.t := $$x;y$$;\r\n  RETURN new;\r\nEND;\r\n$body$;\r\n\
    CREATE FUNCTION g(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT i + 1; END;\r\n\
    CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();\r\n\
    INSERT INTO a VALUES (1, '');INSERT INTO a VALUES (g(1), '')\r\n";
const MYSQL_BODIES: &str = "-- a; b\r\n# c; d\r\nCREATE TABLE a (id INTEGER, t TEXT); /* ; */\r\nCREATE TABLE log (t TEXT);\r\n\
    CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW BEGIN\r\n  IF NEW.id > 1 THEN INSERT INTO log VALUES ('big\\;'); ELSE INSERT INTO log VALUES ('one\\'s;'); END IF;\r\n  SET NEW.t = \"x;y\";\r\nEND;\r\n\
    DELIMITER $$\r\nCREATE PROCEDURE p()\r\nBEGIN\r\n  INSERT INTO a VALUES (1, '');\r\n  INSERT INTO a VALUES (2, '');\r\nEND$$\r\nDELIMITER ;\r\nCALL p()\r\n";

app!(
    "files_sqlite",
    ("2026-01-01-000000_a", SQLITE_BODIES, Some("DROP TABLE a;\r\nDROP TABLE log;\r\n"), true)
);
app!(
    "files_postgres",
    ("2026-01-01-000000_a", POSTGRES_BODIES, Some("DROP TABLE a, log; DROP FUNCTION f, g;"), true)
);
app!(
    "files_mysql",
    ("2026-01-01-000000_a", MYSQL_BODIES, Some("DROP TABLE a, log;\r\nDROP PROCEDURE p;\r\n"), true)
);

#[case(on_each_backend)]
fn line_ends_quotes_and_bodies(database: TestDatabase) {
    let app = match database.backend() {
        Backend::Sqlite => "files_sqlite",
        Backend::Postgres => "files_postgres",
        Backend::MariaDb => "files_mysql",
    };
    let project = project_of(&[app], &database);
    for _ in 0..2 {
        done(&project, "migrate");
        let connection = &mut connect(&database);
        assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM a WHERE t = 'x;y'"), 2);
        assert_eq!(
            number(connection, "SELECT COUNT(*) AS n FROM log WHERE t LIKE 'big%;' OR t = 'one''s;'"),
            2
        );
        done(&project, "migrate zero");
        assert!(!is_there(&database, "a"));
    }
}

app!(
    "alone_postgres",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER, b INTEGER); CREATE TYPE kind AS ENUM ('one');",
        Some("DROP TABLE a; DROP TYPE kind;"),
        true
    ),
    (
        "2026-01-02-000000_b",
        "CREATE INDEX CONCURRENTLY a1 ON a (id);\n-- the second; too\nCREATE INDEX CONCURRENTLY a2 ON a (b);\nVACUUM a;\n\
         ALTER TYPE kind ADD VALUE 'two'; ALTER TABLE a ADD kind kind DEFAULT 'two';",
        Some("ALTER TABLE a DROP kind; DROP INDEX CONCURRENTLY a1; DROP INDEX CONCURRENTLY a2;"),
        false
    )
);
app!(
    "alone_sqlite",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true),
    (
        "2026-01-02-000000_b",
        "VACUUM; CREATE INDEX a1 ON a (id); VACUUM;",
        Some("DROP INDEX a1; VACUUM;"),
        false
    )
);
app!(
    "alone_mysql",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true),
    (
        "2026-01-02-000000_b",
        "CREATE INDEX a1 ON a (id); INSERT INTO a VALUES (1); OPTIMIZE TABLE a;",
        Some("DROP INDEX a1 ON a;"),
        false
    )
);

#[case(on_each_backend)]
fn outside_of_a_transaction_statements_go_one_by_one(database: TestDatabase) {
    let app = match database.backend() {
        Backend::Sqlite => "alone_sqlite",
        Backend::Postgres => "alone_postgres",
        Backend::MariaDb => "alone_mysql",
    };
    let project = project_of(&[app], &database);
    for _ in 0..2 {
        done(&project, "migrate");
        let connection = &mut connect(&database);
        match database.backend() {
            Backend::Postgres => {
                assert_eq!(
                    number(
                        connection,
                        "SELECT COUNT(*) AS n FROM pg_index WHERE indrelid = 'a'::regclass AND indisvalid"
                    ),
                    2
                );
            }
            Backend::Sqlite => {
                assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'a1'"), 1)
            }
            Backend::MariaDb => assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM a"), 1),
        }
        done(&project, "migrate 20260101");
        done(&project, "migrate zero");
    }
}

app!(
    "own_wrapped",
    (
        "2026-01-01-000000_a",
        "BEGIN;\nCREATE TABLE a (id INTEGER);\nCOMMIT;\n\nBEGIN;\nCREATE TABLE b (id INTEGER);\nCOMMIT;\n",
        Some("BEGIN; DROP TABLE a; DROP TABLE b; COMMIT;"),
        true
    ),
    (
        "2026-01-02-000000_b",
        "BEGIN;\nCREATE TABLE c (id INTEGER);\nCOMMIT;",
        Some("BEGIN; DROP TABLE c; COMMIT;"),
        false
    )
);
app!(
    "own_failing",
    (
        "2026-01-01-000000_a",
        "BEGIN;\nCREATE TABLE a (id INTEGER);\nCOMMIT;\nBEGIN;\nINSERT INTO nowhere VALUES (1);\nCOMMIT;",
        None,
        true
    )
);
app!(
    "own_failing_outside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nBEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nCOMMIT;",
        None,
        false
    )
);
app!("own_commit", ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);\n  COMMIT;", None, true));
app!(
    "own_endless",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nBEGIN;\nCREATE TABLE b (id INTEGER);",
        None,
        false
    )
);

#[case(on_each_backend)]
fn transactions_of_the_files_own(database: TestDatabase) {
    let is_mysql = database.backend() == Backend::MariaDb;
    let project = project_of(&["own_wrapped"], &database);
    done(&project, "migrate");
    assert!(["a", "b", "c"].iter().all(|table| is_there(&database, table)));
    done(&project, "migrate zero");
    assert!(["a", "b", "c"].iter().all(|table| !is_there(&database, table)));

    // It is one transaction, from the beginning to the record. MySQL has none around a new table.
    let ran = project_of(&["own_failing"], &database).run("migrate");
    let stayed = if is_mysql {
        "3 of its 6 statements, those before line 4, took effect and stayed"
    } else {
        "Nothing of it stayed"
    };
    assert!(
        ran.exit.0 == 1 && ran.err.contains(stayed) && ran.err.contains("LINE 5: INSERT INTO nowhere"),
        "{}",
        ran.all()
    );
    assert_eq!(is_there(&database, "a"), is_mysql);

    let database = TestDatabase::new(database.backend());
    let ran = project_of(&["own_failing_outside"], &database).run("migrate");
    let (count, line) = (1, 2);
    let stayed = format!(
        "{count} of its 5 statements, those before line {line}, took effect and stayed in the database."
    );
    assert!(ran.exit.0 == 1 && ran.err.contains(&stayed), "{}", ran.all());
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a"), 0);
    if is_mysql {
        return;
    }
    for (app, words) in [
        (
            "own_commit",
            "This would end the transaction that the migration runs in.\nFILE: own_commit/migrations/2026-01-01-000000_a/up.sql, line 2\nLINE 2:   COMMIT;\n          ^\n",
        ),
        ("own_endless", "The transaction that begins here is never committed.\n"),
    ] {
        let database = TestDatabase::new(database.backend());
        let ran = project_of(&[app], &database).run("migrate");
        assert!(ran.exit.0 == 1 && ran.err.contains(words), "{}", ran.all());
        assert!(
            ran.err.contains("Nothing of it stayed in the database.") && !is_there(&database, "a"),
            "{}",
            ran.all()
        );
    }
}

app!(
    "one_way",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true),
    ("2026-01-02-000000_b", "CREATE TABLE b (id INTEGER);", None, true),
    ("2026-01-03-000000_c", "CREATE TABLE c (id INTEGER);", Some("DROP TABLE c;"), true)
);

#[case(on_each_backend)]
fn a_missing_down_sql_is_seen_before_the_first_step(database: TestDatabase) {
    let project = project_of(&["one_way"], &database).env("MANAGE_ENV", "production");
    done(&project, "migrate");
    let plan = "Planned operations:\n  Revert 2026-01-03-000000_c\n  Revert 2026-01-02-000000_b IRREVERSIBLE\n  Revert 2026-01-01-000000_a\n";
    assert_eq!(done(&project, "migrate zero --plan"), plan);
    // There is no prompt for what cannot be done.
    for line in ["migrate zero", "migrate zero --force"] {
        let ran = project.run(line);
        let error = "Error: The migration 2026-01-02-000000_b cannot be reverted, because its down.sql is missing or empty. Nothing was reverted.\nHint: Write its down.sql, or choose a target after it.\n";
        assert_eq!((ran.exit.0, ran.out.as_str(), ran.err.as_str()), (1, "", error));
    }
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 3);
    assert!(is_there(&database, "c"));
    done(&project, "migrate 20260102 --force --noinput");
    assert!(!is_there(&database, "c"));
}

app!(
    "empty_down",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true),
    ("2026-01-02-000000_b", "CREATE TABLE b (id INTEGER);", Some("\u{feff} \r\n"), true),
    ("2026-01-03-000000_c", "INSERT INTO a VALUES (1);", Some("-- The row may stay."), true)
);

/// A table that stayed would fail the next `migrate`. A comment says that this is meant.
#[case(on_each_backend)]
fn an_empty_down_sql_reverts_nothing(database: TestDatabase) {
    let project = project_of(&["empty_down"], &database);
    done(&project, "migrate");
    done(&project, "migrate 20260102");
    let plan =
        "Planned operations:\n  Revert 2026-01-02-000000_b IRREVERSIBLE\n  Revert 2026-01-01-000000_a\n";
    assert_eq!(done(&project, "migrate zero --plan"), plan);
    let ran = project.run("migrate zero");
    let error = "Error: The migration 2026-01-02-000000_b cannot be reverted, because its down.sql is missing or empty. Nothing was reverted.\n";
    assert!(ran.exit.0 == 1 && ran.err.starts_with(error), "{}", ran.all());
    assert!(is_there(&database, "a") && is_there(&database, "b"));
    let ran = project.run("sqlmigrate empty_down 20260102 --backwards");
    assert!(ran.exit.0 == 1 && ran.err.contains("down.sql is missing or empty."), "{}", ran.all());
    done(&project, "migrate");
}

app!(
    "twins_of_one_version",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", None, true),
    ("20260101000000_b", "CREATE TABLE b (id INTEGER);", None, true)
);

#[case(on_each_backend)]
fn two_migrations_of_one_version_are_an_error_of_check(database: TestDatabase) {
    let project = project_of(&["twins_of_one_version"], &database);
    let words = "Two migrations have the same version: 2026-01-01-000000_a and 20260101000000_b. Give one of them another timestamp.";
    let ran = project.run("check");
    assert!(ran.exit.0 == 1 && ran.all().contains(&format!("(manage.E011) {words}")), "{}", ran.all());
    assert_eq!(ran.all().matches("E011").count(), 1, "once for all backends: {}", ran.all());
    assert_eq!(project.run("check --tag migrations").exit.0, 1);
    let ran = project.run("migrate");
    assert!(ran.exit.0 == 1 && ran.err.contains(words), "{}", ran.all());
    assert!(!is_there(&database, "a"));
}
