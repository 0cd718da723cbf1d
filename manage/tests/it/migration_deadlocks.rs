//! Statements of migrations that are in a deadlock with another session: the server ends one of the two.

use diesel::connection::SimpleConnection;
use manage::database::Connection;
use manage_test_support::{TestDatabase, case, shared_mariadb, shared_postgres, wait_until};

use crate::backends::{LONG, connect, on_mariadb, on_postgres};
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::Ran;

// The lock in the middle is the test's: it waits until the other session waits.
app!(
    "deadlock_inside",
    (
        "2026-01-01-000000_a",
        "LOCK TABLE a;\nSELECT pg_advisory_xact_lock(4242);\nALTER TABLE b ADD COLUMN x INTEGER;",
        None,
        true
    )
);
app!(
    "deadlock_outside",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE earlier (id INTEGER);\n\
         DO $$ BEGIN LOCK TABLE a; PERFORM pg_advisory_xact_lock(4242); ALTER TABLE b ADD COLUMN x INTEGER; END $$;",
        None,
        false
    )
);

#[track_caller]
fn execute(connection: &mut Connection, sql: &str) {
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Waits until the server of PostgreSQL counts one session in this database that waits for a lock.
fn wait_for(database: &TestDatabase, is_over: impl Fn() -> bool, what: &str, query: &str) {
    let server = shared_postgres().expect("PostgreSQL");
    let waits = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE '{query}%' \
         AND wait_event_type = 'Lock'",
        database.name()
    );
    wait_until(LONG, what, || is_over() || server.query_value(&waits) == "1");
}

/// Runs `migrate`, which ends up in a deadlock with a session that never looks for one.
fn in_a_deadlock(app: &'static str, database: &TestDatabase, options: &str) -> Ran {
    let mut other = connect(database);
    execute(&mut other, "SET deadlock_timeout = '1h'; BEGIN; SELECT * FROM b");
    let mut gate = connect(database);
    execute(&mut gate, "SELECT pg_advisory_lock(4242)");
    let project = project_of(&[app], database);
    std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            wait_for(database, || false, "migrate has the table", "%pg_advisory_xact_lock");
            execute(&mut other, "SELECT * FROM a");
            other
        });
        let opened = scope.spawn(move || {
            wait_for(database, || false, "the other session waits", "SELECT * FROM a");
            execute(&mut gate, "SELECT pg_advisory_unlock(4242)");
        });
        let line = format!("migrate --table-lock-timeout 60 {options}");
        project.run_and_after(&line, "Trying again", || {
            opened.join().expect("no panic");
            execute(&mut other.join().expect("no panic"), "COMMIT");
        })
    })
}

#[case(on_postgres)]
fn a_deadlock_of_postgresql_is_tried_again() {
    for (app, line) in [("deadlock_inside", 3), ("deadlock_outside", 2)] {
        let database = TestDatabase::postgres();
        execute(&mut connect(&database), "CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)");
        let ran = in_a_deadlock(app, &database, "--table-lock-tries 1");
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        for words in
            ["deadlock detected", "40P01", "Another session waited for this one, and this one for it"]
        {
            assert!(ran.err.contains(words), "{words}\n{}", ran.all());
        }
        assert_eq!(is_there(&database, "earlier"), app == "deadlock_outside", "{}", ran.all());

        let ran = in_a_deadlock(app, &database, "");
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
        let retried = format!("    Line {line} was in a deadlock with another session");
        assert!(ran.out.contains(&retried) && ran.out.contains(" s (2 of 10).\n"), "{}", ran.all());
        assert!(ran.out.ends_with("_a... OK\n"), "{}", ran.all());
        assert_eq!(number(&mut connect(&database), "SELECT COUNT(x) AS n FROM b"), 0);
    }
}

app!(
    "deadlock_concurrently",
    ("2026-01-01-000000_a", "CREATE INDEX CONCURRENTLY a_id ON a (id);", None, false)
);

/// It leaves an invalid index, which is in the way of the next try.
#[case(on_postgres)]
fn an_index_that_a_deadlock_left_is_dropped_before_the_next_try() {
    let database = &TestDatabase::postgres();
    let mut writer = connect(database);
    execute(&mut writer, "CREATE TABLE a (id INTEGER)");
    // The index is built, and then waits for the end of this transaction, since it is an older one.
    let mut other = connect(database);
    execute(&mut other, "SET deadlock_timeout = '1h'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    execute(&mut writer, "BEGIN; INSERT INTO a VALUES (1)");
    let project = project_of(&["deadlock_concurrently"], database);
    let ran = std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            wait_for(database, || false, "the index waits for the writer", "CREATE INDEX");
            execute(&mut other, "LOCK TABLE a IN SHARE UPDATE EXCLUSIVE MODE");
            other
        });
        let wrote = scope.spawn(move || {
            wait_for(database, || false, "the other session waits", "LOCK TABLE a");
            execute(&mut writer, "COMMIT");
        });
        project.run_and_after("migrate", "Trying again", || {
            wrote.join().expect("no panic");
            execute(&mut other.join().expect("no panic"), "COMMIT");
        })
    });
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(ran.out.contains("    Line 1 was in a deadlock with another session"), "{}", ran.all());
    let dropped = "    Dropped the invalid index public.a_id, which the last try could not finish.\n";
    assert!(ran.out.ends_with(dropped), "{}", ran.all());
    let connection = &mut connect(database);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM pg_index WHERE NOT indisvalid"), 0);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM pg_indexes WHERE tablename = 'a'"), 1);
}

const UPDATES: &str = "UPDATE a SET n = n + 1 WHERE id = 1;\nUPDATE a SET n = n + 1 WHERE id = 2;";
app!("deadlock_mysql", ("2026-01-01-000000_a", UPDATES, None, true));
app!(
    "deadlock_mysql_own",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE earlier (id INTEGER);\nBEGIN;\nUPDATE a SET n = n + 1 WHERE id = 1;\n\
         UPDATE a SET n = n + 1 WHERE id = 2;\nCOMMIT;",
        None,
        false
    )
);
app!(
    "deadlock_mysql_alone",
    ("2026-01-01-000000_a", "UPDATE a SET n = n + 1 ORDER BY id;\nINSERT INTO a VALUES (3, 1);", None, false)
);

/// Runs `migrate`, which holds row 1 and waits for row 2, and a session that holds row 2 and then wants row 1. It has
/// done so much more that MariaDB ends the transaction of `migrate`.
fn in_a_deadlock_on_mariadb(app: &'static str, database: &TestDatabase, options: &str) -> Ran {
    let server = shared_mariadb().expect("MariaDB");
    let mut other = connect(database);
    execute(&mut other, "BEGIN; INSERT INTO many SELECT seq FROM seq_1_to_2000");
    execute(&mut other, "INSERT INTO notes VALUES ('other'); UPDATE a SET n = n + 10 WHERE id = 2");
    // InnoDB's own table of transactions stays as it is while it is read ten times a second.
    let waits = format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'UPDATE a SET n%' \
         AND time_ms > 300",
        database.name()
    );
    let project = project_of(&[app], database);
    std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            wait_until(LONG, "migrate waits for the row", || server.query_value(&waits) == "1");
            execute(&mut other, "SELECT n FROM a WHERE id = 1 FOR UPDATE");
            other
        });
        project.run_and_after(&format!("migrate {options}"), "Trying again", || {
            execute(&mut other.join().expect("no panic"), "COMMIT");
        })
    })
}

const TABLES: &str = "CREATE TABLE a (id INT PRIMARY KEY, n INT); INSERT INTO a VALUES (1, 0), (2, 0); \
    CREATE TABLE many (id INT); CREATE TABLE notes (t TEXT) ENGINE = MyISAM";

#[case(on_mariadb)]
fn a_deadlock_of_mariadb_is_tried_again() {
    for (app, line) in [("deadlock_mysql", 2), ("deadlock_mysql_own", 4), ("deadlock_mysql_alone", 1)] {
        let database = TestDatabase::mariadb();
        execute(&mut connect(&database), TABLES);
        let ran = in_a_deadlock_on_mariadb(app, &database, "--table-lock-tries 1");
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        for words in ["Deadlock found", "1213", "Another session waited for this one, and this one for it"] {
            assert!(ran.err.contains(words), "{words}\n{}", ran.all());
        }
        let sum = "SELECT CAST(SUM(n) AS SIGNED) AS n FROM a";
        assert_eq!(number(&mut connect(&database), sum), 10, "{}", ran.all());

        let ran = in_a_deadlock_on_mariadb(app, &database, "");
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
        let retried = format!("    Line {line} was in a deadlock with another session");
        assert!(ran.out.contains(&retried), "{}", ran.all());
        let expected = if app == "deadlock_mysql_alone" { 23 } else { 22 };
        assert_eq!(number(&mut connect(&database), sum), expected, "{}", ran.all());
    }
}

/// A trigger has written a row that no rollback removes.
#[case(on_mariadb)]
fn what_mariadb_cannot_roll_back_is_not_tried_again() {
    let database = TestDatabase::mariadb();
    execute(&mut connect(&database), TABLES);
    let trigger = "CREATE TRIGGER a_note AFTER UPDATE ON a FOR EACH ROW INSERT INTO notes VALUES (NEW.id)";
    execute(&mut connect(&database), trigger);
    let ran = in_a_deadlock_on_mariadb("deadlock_mysql", &database, "");
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    assert!(ran.err.contains("may have stayed in the database"), "{}", ran.all());
    assert!(!ran.out.contains("Trying again"), "{}", ran.all());
}
