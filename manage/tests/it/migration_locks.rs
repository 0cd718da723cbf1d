//! Statements of migrations that wait for the locks of others, and limits of their time.

use diesel::connection::SimpleConnection;
use manage::__private::{EmbeddedMigration, MigrationLimits, MigrationsRegistration, Part};
use manage::database::Connection;
use manage_test_support::{Backend, TestDatabase, case, shared_postgres, wait_until};

use crate::backends::{LONG, connect, on_each_backend, on_each_server, on_postgres, on_sqlite};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};

const ALTER: &str = "CREATE TABLE b (id INTEGER);\nALTER TABLE a ADD COLUMN x INTEGER;";

app!("locks_inside", ("2026-01-01-000000_a", ALTER, None, true));
app!("locks_outside", ("2026-01-01-000000_a", ALTER, None, false));

#[track_caller]
fn execute(connection: &mut Connection, sql: &str) {
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A table, and a transaction that has read it.
fn reader(database: &TestDatabase) -> Connection {
    let mut reader = connect(database);
    execute(&mut reader, "CREATE TABLE a (id INTEGER)");
    execute(&mut reader, "BEGIN; SELECT * FROM a");
    reader
}

#[case(on_each_server)]
fn a_lock_is_tried_again(backend: Backend) {
    for app in ["locks_inside", "locks_outside"] {
        let database = TestDatabase::new(backend);
        let mut reader = reader(&database);
        let ran = project_of(&[app], &database).run_and_after(
            "migrate --table-lock-timeout 1 --table-lock-tries 50",
            "Trying again",
            || execute(&mut reader, "COMMIT"),
        );
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
        let retried = format!(
            "  Applying {app}.2026-01-01-000000_a...\n    Line 2 waited too long for a lock of another session: "
        );
        assert!(ran.out.contains(&retried) && ran.out.contains(" s (2 of 50).\n"), "{}", ran.all());
        assert!(
            ran.out.ends_with(&format!("\n  Applying {app}.2026-01-01-000000_a... OK\n")),
            "{}",
            ran.all()
        );
        assert_eq!(number(&mut connect(&database), "SELECT COUNT(x) AS n FROM a"), 0);
    }
}

#[case(on_each_server)]
fn who_holds_a_lock_to_the_end_is_named(backend: Backend) {
    for app in ["locks_inside", "locks_outside"] {
        let database = TestDatabase::new(backend);
        let mut reader = reader(&database);
        let project = project_of(&[app], &database);
        let ran = project.run("migrate --table-lock-timeout 1 --table-lock-tries 2");
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        assert!(ran.err.contains("up.sql, line 2\nLINE 2: ALTER TABLE a "), "{}", ran.all());
        let [holder, sql] = match backend {
            Backend::Postgres => {
                [", in a transaction since 20", "To end that session: SELECT pg_terminate_backend("]
            }
            _ => ["tester@", "To end that session: KILL "],
        };
        for words in ["Another session holds the lock: ", " It was tried 2 times.", holder, sql] {
            assert!(ran.err.contains(words), "{words}\n{}", ran.all());
        }
        let stays = backend == Backend::MariaDb || app == "locks_outside";
        assert_eq!(is_there(&database, "b"), stays, "{}", ran.all());
        execute(&mut reader, "COMMIT");
        done(&project, "migrate");
    }
}

app!("locks_sqlite", ("2026-01-01-000000_a", "CREATE TABLE b (id INTEGER)", None, true));

#[case(on_sqlite)]
fn a_writer_of_sqlite_is_waited_for() {
    let database = TestDatabase::sqlite();
    let project = project_of(&["locks_sqlite"], &database);
    // The journal's tables are there.
    done(&project_of(&["limits_first"], &database), "migrate");
    let mut writer = connect(&database);
    execute(&mut writer, "BEGIN IMMEDIATE; CREATE TABLE w (id INTEGER)");
    let ran = project.run("migrate --table-lock-timeout 1 --table-lock-tries 1");
    assert!(ran.exit.0 == 1 && ran.err.contains("database is locked"), "{}", ran.all());
    let ran = project.run_and_after("migrate --table-lock-timeout 1", "Trying again", || {
        execute(&mut writer, "COMMIT");
    });
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
}

app!("limits_first", ("2025-01-01-000000_first", "SELECT 1", None, true));

/// An app with one migration that keeps its limits in a table, one with limits of its own, one that sets them,
/// and one outside of a transaction.
macro_rules! limited {
    ($app:literal, $shown:expr, $set:literal) => {
        const _: () = {
            const OWN: MigrationLimits =
                MigrationLimits { table_lock_timeout_seconds: Some(7), statement_timeout_seconds: Some(600) };
            const fn migration(
                name: &'static str,
                up: &'static str,
                in_transaction: bool,
                limits: MigrationLimits,
            ) -> EmbeddedMigration {
                EmbeddedMigration {
                    name,
                    up,
                    down: None,
                    in_transaction,
                    replaces: &[],
                    dependencies: &[],
                    limits,
                }
            }
            const FOLDER: &[EmbeddedMigration] = &[
                migration(
                    "2026-01-01-000000_a",
                    concat!("CREATE TABLE a ", $shown),
                    true,
                    MigrationLimits::NONE,
                ),
                migration("2026-01-02-000000_b", concat!("CREATE TABLE b ", $shown), true, OWN),
                migration("2026-01-03-000000_c", concat!($set, "CREATE TABLE c ", $shown), true, OWN),
                migration("2026-01-04-000000_d", concat!("CREATE TABLE d ", $shown), false, OWN),
                migration("2026-01-05-000000_e", concat!($set, "CREATE TABLE e ", $shown), false, OWN),
                migration(
                    "2026-01-06-000000_f",
                    concat!("CREATE TABLE f ", $shown),
                    true,
                    MigrationLimits::NONE,
                ),
            ];
            manage::__private::inventory::submit! {
                MigrationsRegistration::new(
                    &[Part::Folder(None, "migrations", FOLDER)],
                    ($app, concat!($app, "/src/lib.rs"), 1),
                    concat!("/srv/", $app),
                )
            }
        };
    };
}
limited!(
    "limited_postgres",
    "AS SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') AS t;",
    "SET lock_timeout = '9s'; SET statement_timeout = '90s'; "
);
limited!(
    "limited_mariadb",
    "AS SELECT CONCAT(@@lock_wait_timeout, 's ', CAST(@@max_statement_time AS INT), IF(@@max_statement_time = 0, '', 's')) AS t;",
    "SET lock_wait_timeout = 9; SET max_statement_time = 90; "
);

#[case(on_each_server)]
fn a_migration_has_the_limits_that_were_chosen_for_it(backend: Backend) {
    let app = if backend == Backend::Postgres { "limited_postgres" } else { "limited_mariadb" };
    let minutes = if backend == Backend::Postgres { "10min" } else { "600s" };
    for (options, all) in [
        ("", "5s 0"),
        (" --table-lock-timeout 3 --statement-timeout 30", "3s 30s"),
        (" --table-lock-timeout 0", if backend == Backend::Postgres { "0 0" } else { "31536000s 0" }),
    ] {
        let database = TestDatabase::new(backend);
        done(&project_of(&[app], &database), &format!("migrate{options}"));
        let own = format!("7s {minutes}");
        let script = "9s 90s";
        for (table, expected) in
            [("a", all), ("b", &own), ("c", script), ("d", &own), ("e", script), ("f", all)]
        {
            let query = format!("SELECT COUNT(*) AS n FROM {table} WHERE t = '{expected}'");
            assert_eq!(number(&mut connect(&database), &query), 1, "{table} {expected}{options}");
        }
    }
}

app!("slow_postgres", ("2026-01-01-000000_a", "SELECT 1;\nSELECT pg_sleep(600);", None, true));
app!("slow_mariadb", ("2026-01-01-000000_a", "SELECT 1;\nSELECT SLEEP(600);", None, true));

#[case(on_each_backend)]
fn a_statement_that_takes_too_long_is_ended(database: TestDatabase) {
    let app = match database.backend() {
        Backend::Sqlite => {
            let ran = project_of(&["locks_sqlite"], &database).run("migrate --statement-timeout 1");
            assert_eq!(ran.exit.0, 2, "{}", ran.all());
            assert!(ran.err.contains("SQLite has no limit for the time of a statement"), "{}", ran.all());
            return;
        }
        Backend::Postgres => "slow_postgres",
        Backend::MariaDb => "slow_mariadb",
    };
    let ran = project_of(&[app], &database).run("migrate --statement-timeout 1");
    assert!(ran.exit.0 == 1 && ran.err.contains("up.sql, line 2\n"), "{}", ran.all());
}

app!(
    "limits_concurrently",
    ("2026-01-01-000000_a", "CREATE INDEX CONCURRENTLY a_id ON a (id);", None, false)
);

app!(
    "limits_alone",
    (
        "2026-01-01-000000_a",
        "CALL note();\nVACUUM a;\nSELECT set_config('shop.seen', current_setting('lock' || '_timeout'), false);\n\
         INSERT INTO seen VALUES (current_setting('shop.seen'));",
        None,
        false
    )
);

/// Neither of them can run in a transaction, whose limits they would have.
#[case(on_postgres)]
fn a_statement_outside_of_any_transaction_has_limits() {
    let database = TestDatabase::postgres();
    let mut other = connect(&database);
    execute(
        &mut other,
        "CREATE TABLE a (id INTEGER); CREATE TABLE seen (t TEXT); CREATE PROCEDURE note() LANGUAGE plpgsql AS \
         $$ BEGIN COMMIT; INSERT INTO seen VALUES (current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')); COMMIT; END $$",
    );
    execute(&mut other, "BEGIN; LOCK TABLE a");
    let project = project_of(&["limits_alone"], &database);
    let line = "migrate --table-lock-timeout 1 --statement-timeout 50";
    let ran = project.run_and_after(line, "Trying again", || execute(&mut other, "COMMIT"));
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let retried = "    Line 2 waited too long for a lock of another session: ";
    assert!(ran.out.contains(retried), "{}", ran.all());
    for (seen, who) in [("1s 50s", "the procedure"), ("0", "what changes only the session")] {
        let query = format!("SELECT COUNT(*) AS n FROM seen WHERE t = '{seen}'");
        assert_eq!(number(&mut connect(&database), &query), 1, "{who}\n{}", ran.all());
    }
}

/// It waits for all older transactions, and leaves an invalid index if it is interrupted.
#[case(on_postgres)]
fn an_index_is_built_without_limits() {
    let database = TestDatabase::postgres();
    let mut writer = connect(&database);
    execute(&mut writer, "CREATE TABLE a (id INTEGER)");
    execute(
        &mut writer,
        &format!(
            "ALTER DATABASE \"{0}\" SET lock_timeout = '50ms'; ALTER DATABASE \"{0}\" SET statement_timeout = '20s'",
            database.name()
        ),
    );
    execute(&mut writer, "BEGIN; INSERT INTO a VALUES (1)");
    let waits = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE 'CREATE INDEX%' \
         AND wait_event_type = 'Lock' AND now() - query_start > interval '1500ms'",
        database.name()
    );
    let project = project_of(&["limits_concurrently"], &database);
    let ran = std::thread::scope(|scope| {
        let line = "migrate --table-lock-timeout 1 --statement-timeout 1";
        let running = scope.spawn(|| project.run(line));
        let server = shared_postgres().unwrap();
        wait_until(LONG, "it waits", || running.is_finished() || server.query_value(&waits) == "1");
        execute(&mut writer, "COMMIT");
        running.join().expect("no panic")
    });
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert_eq!(
        number(
            &mut connect(&database),
            "SELECT COUNT(*) AS n FROM pg_index WHERE indisvalid AND indrelid = 'a'::regclass"
        ),
        1
    );
}
