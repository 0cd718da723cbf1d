//! The session that migrations run in: what prepares it, and that nothing of it is left for what comes next.

use diesel::connection::SimpleConnection;
use manage::__private::internals::{MigrationTarget, Migrations, apply};
use manage::Program;
use manage::settings;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{behind_pgbouncer, connect, on_each_backend};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};
use crate::pooling::pooler;
use crate::project::Project;

/// The shape of real projects: a table refers to one that comes later, and another one is made from scratch.
const UP: &str = "CREATE TABLE folders (id INTEGER PRIMARY KEY, owner INTEGER, FOREIGN KEY (owner) REFERENCES users (id) ON DELETE CASCADE);\n\
    INSERT INTO folders VALUES (1, 1);\nCREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20));\nINSERT INTO users VALUES (1, 'a');";
const REBUILD: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);\nINSERT INTO new_users SELECT * FROM users;\n\
    DROP TABLE users;\nALTER TABLE new_users RENAME TO users;";
const DOWN: &str = "DROP TABLE users; DROP TABLE folders;";

app!("prepared" before &[(manage::settings::Backend::Mysql, &["SET FOREIGN_KEY_CHECKS = 0", "SET @prepared = 'yes'"])],
    ("2026-01-01-000000_folders", UP, Some(DOWN), true),
    ("2026-01-02-000000_rebuild", REBUILD, Some(REBUILD), true),
    ("2026-01-03-000000_outside", REBUILD, Some(REBUILD), false));
app!(
    "unprepared",
    (
        "2026-01-04-000000_more",
        "CREATE TABLE more (id INTEGER PRIMARY KEY, owner INTEGER, FOREIGN KEY (owner) REFERENCES nobody (id));",
        None,
        true
    )
);
app!("prepared_postgres" before &[(settings::Backend::Postgres, &["CREATE SCHEMA IF NOT EXISTS tenant", "SET search_path = tenant", "SET lock_timeout = '9s'"])],
    ("2026-01-01-000000_a", "CREATE TABLE a AS SELECT current_setting('lock_timeout') AS t", Some("DROP TABLE a"), true),
    ("2026-01-02-000000_b", "CREATE TABLE b (id INTEGER)", Some("DROP TABLE b"), false));

#[case(on_each_backend)]
fn statements_prepare_the_session(database: TestDatabase) {
    match database.backend() {
        Backend::Postgres => {
            let project = project_of(&["prepared_postgres", "one_more"], &database);
            done(&project, "migrate");
            let connection = &mut connect(&database);
            assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM tenant.b"), 0);
            assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM tenant.a WHERE t = '9s'"), 1);
            assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM public.__diesel_schema_migrations"), 3);
            assert!(is_there(&database, "one_more"));
            done(&project, "migrate zero");
        }
        Backend::Sqlite | Backend::MariaDb => {
            let project = project_of(&["prepared"], &database);
            for _ in 0..2 {
                done(&project, "migrate");
                assert_eq!(
                    number(
                        &mut connect(&database),
                        "SELECT COUNT(*) AS n FROM folders JOIN users ON owner = users.id"
                    ),
                    1
                );
                done(&project, "migrate 20260101");
                assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM folders"), 1);
                done(&project, "migrate zero");
            }
            if database.backend() == Backend::MariaDb {
                // It is for that app alone.
                let ran = project_of(&["prepared", "unprepared"], &database).run("migrate");
                assert!(
                    ran.exit.0 == 1 && ran.err.contains("2026-01-04-000000_more could not be applied"),
                    "{}",
                    ran.all()
                );
            }
        }
    }
}

app!(
    "one_more",
    ("2026-01-03-000000_one", "CREATE TABLE one_more (id INTEGER)", Some("DROP TABLE one_more"), true)
);

const NONSENSE: &[&str] = &["SET nonsense = 1"];
app!("badly_prepared" before &[
        (settings::Backend::Sqlite, NONSENSE), (settings::Backend::Postgres, NONSENSE), (settings::Backend::Mysql, NONSENSE)
    ],
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER)", None, true));

#[case(on_each_backend)]
fn a_preparation_that_fails_is_named(database: TestDatabase) {
    let ran = project_of(&["badly_prepared"], &database).run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    // Its CREATE TABLE commits by itself on MySQL, so an earlier run may have left something.
    let left = match database.backend() {
        Backend::MariaDb => "None of its statements took effect in this run.",
        _ => "Nothing of it stayed in the database.",
    };
    for words in [left, "`SET nonsense = 1`", "badly_prepared/src/lib.rs:1"] {
        assert!(ran.err.contains(words), "{words}\n{}", ran.all());
    }
    assert!(!is_there(&database, "a"));
}

const SQLITE_SETTINGS: &str = "PRAGMA recursive_triggers = ON; PRAGMA ignore_check_constraints = ON; PRAGMA busy_timeout = 7; PRAGMA cache_size = 77; PRAGMA locking_mode = EXCLUSIVE;";
const POSTGRES_SETTINGS: &str = "SET search_path = ''; SET lock_timeout = 7; SET TIME ZONE 'Asia/Tokyo'; SET bytea_output = escape; SET ROLE pg_monitor;";
const MYSQL_SETTINGS: &str = "SET FOREIGN_KEY_CHECKS = 0; SET sql_mode = ''; SET lock_wait_timeout = 7; SET time_zone = '+09:00'; SET NAMES latin1; USE information_schema;";

app!("leaking_sqlite" before &[(settings::Backend::Sqlite, &["PRAGMA legacy_alter_table = ON"])],
    ("2026-01-01-000000_a", SQLITE_SETTINGS, None, true), ("2026-01-02-000000_b", SQLITE_SETTINGS, None, false),
    ("2026-01-03-000000_fails", "PRAGMA recursive_triggers = ON; SELECT nonsense", None, true));
app!("leaking_postgres" before &[(settings::Backend::Postgres, &["SET statement_timeout = 77777"])],
    ("2026-01-01-000000_a", POSTGRES_SETTINGS, None, true), ("2026-01-02-000000_b", POSTGRES_SETTINGS, None, false),
    ("2026-01-03-000000_fails", "SET bytea_output = escape; SELECT nonsense", None, false));
app!("leaking_mysql" before &[(settings::Backend::Mysql, &["SET unique_checks = 0"])],
    ("2026-01-01-000000_a", MYSQL_SETTINGS, None, true), ("2026-01-02-000000_b", MYSQL_SETTINGS, None, false),
    ("2026-01-03-000000_fails", "SET FOREIGN_KEY_CHECKS = 0; SELECT nonsense", None, true));

#[case(on_each_backend)]
fn nothing_is_left_of_a_session(database: TestDatabase) {
    let (app, own, query) = match database.backend() {
        Backend::Sqlite => (
            "leaking_sqlite",
            "PRAGMA secure_delete = ON",
            "SELECT (SELECT * FROM pragma_recursive_triggers) = 0 AND (SELECT * FROM pragma_ignore_check_constraints) = 0 \
             AND (SELECT * FROM pragma_busy_timeout) > 7 AND (SELECT * FROM pragma_legacy_alter_table) = 0 \
             AND (SELECT * FROM pragma_foreign_keys) = 1 AND (SELECT * FROM pragma_cache_size) <> 77 \
             AND (SELECT * FROM pragma_locking_mode) = 'normal' AS n",
        ),
        Backend::Postgres => (
            "leaking_postgres",
            // What the connection's owner has set stays as well.
            "SET lock_timeout = '5s'",
            "SELECT (current_setting('search_path') = '\"$user\", public' AND current_setting('lock_timeout') = '5s' \
             AND current_setting('TimeZone') IN ('UTC', 'Etc/UTC') AND current_setting('bytea_output') = 'hex' \
             AND current_setting('role') = 'none' AND current_setting('statement_timeout') = '0')::int::bigint AS n",
        ),
        Backend::MariaDb => (
            "leaking_mysql",
            "SET lock_wait_timeout = 50",
            "SELECT CAST(@@foreign_key_checks = 1 AND @@unique_checks = 1 AND @@sql_mode <> '' AND @@lock_wait_timeout = 50 \
             AND @@time_zone = '+00:00' AND @@character_set_client = 'utf8mb4' AND DATABASE() <> 'information_schema' AS INT) AS n",
        ),
    };
    let connection = &mut connect(&database);
    connection.batch_execute(own).expect("a setting");
    let backend = connection.backend();
    let migrations = Migrations::of_program(&Program::new(Box::leak(Box::new([app]))), backend)
        .expect("migrations")
        .expect("some");
    for version in ["20260101000000", "20260102000000", "20260103000000"] {
        let applied =
            apply(connection, &migrations, &MigrationTarget::Version(version.to_owned()), |_, _| Ok(()));
        assert_eq!(applied.is_err(), version == "20260103000000", "{applied:?}");
        assert_eq!(number(connection, query), 1, "{version}");
        assert_eq!(
            number(connection, "SELECT COUNT(*) AS n FROM __diesel_schema_migrations"),
            if version == "20260101000000" { 1 } else { 2 }
        );
    }
}

app!(
    "pooled_set",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nSET work_mem = '8MB';\nCREATE TABLE b (id INTEGER);",
        None,
        false
    )
);
app!(
    "pooled_set_local",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE a (id INTEGER);\nBEGIN;\nSET LOCAL work_mem = '8MB';\nCREATE TABLE b (id INTEGER);\nCOMMIT;",
        None,
        false
    )
);

/// Behind a pooler a setting would reach another client.
#[case(behind_pgbouncer)]
fn a_setting_for_the_session_is_refused() {
    let (database, _pooler, url) = pooler(&[]);
    let project = |app| Project::with(Program::new(Box::leak(Box::new([app])))).env("DATABASE_URL", &url);
    let ran = project("pooled_set").run("migrate");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in ["a pooler gives each transaction another one.", "up.sql, line 2\nLINE 2: SET work_mem"] {
        assert!(ran.err.contains(words), "{words}\n{}", ran.all());
    }
    assert!(!is_there(&database, "a"));
    done(&project("pooled_set_local"), "migrate");
    assert!(is_there(&database, "b"));
}
