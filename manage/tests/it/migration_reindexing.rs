//! What a `REINDEX … CONCURRENTLY` that failed leaves.

use diesel::connection::SimpleConnection;
use manage::database::Connection;
use manage_test_support::{TestDatabase, case, shared_postgres, wait_until};

use crate::backends::{LONG, connect, on_postgres};
use crate::migrating::done;
use crate::migration_files::{app, number, project_of};

const TABLE: &str =
    "CREATE TABLE a (id INTEGER, t TEXT); CREATE INDEX a_id ON a (id); CREATE TABLE b (id INTEGER)";

app!("reindexed_index", ("2026-01-01-000000_a", "REINDEX INDEX CONCURRENTLY A_id;", None, false));
app!(
    "reindexed_table",
    ("2026-01-01-000000_a", "REINDEX (VERBOSE) TABLE CONCURRENTLY public.a;", None, false)
);
app!("reindexed_schema", ("2026-01-01-000000_a", "REINDEX SCHEMA CONCURRENTLY public;", None, false));

#[track_caller]
fn execute(connection: &mut Connection, sql: &str) {
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Invalid indexes whose names match a pattern.
#[track_caller]
fn invalid(database: &TestDatabase, pattern: &str) -> i64 {
    let query = format!(
        "SELECT COUNT(*) AS n FROM pg_index JOIN pg_class ON oid = indexrelid WHERE NOT indisvalid AND relname LIKE '{pattern}'"
    );
    number(&mut connect(database), &query)
}

#[case(on_postgres)]
fn what_a_rebuilding_left_is_dropped_before_it_is_repeated() {
    let server = shared_postgres().expect("PostgreSQL");
    for (app, dropped, kept) in
        [("reindexed_index", 1, 1), ("reindexed_table", 3, 0), ("reindexed_schema", 3, 0)]
    {
        let database = TestDatabase::postgres();
        let mut writer = connect(&database);
        execute(&mut writer, TABLE);
        // Another one of the table, which no rebuilding of the first index has left.
        execute(&mut writer, "INSERT INTO a VALUES (1), (1)");
        let other = "CREATE UNIQUE INDEX CONCURRENTLY other_ccnew ON a (id)";
        writer.batch_execute(other).expect_err("the rows are equal");
        execute(&mut writer, "BEGIN; INSERT INTO a VALUES (2)");
        let project = project_of(&[app], &database);
        let session = format!(
            "FROM pg_stat_activity WHERE datname = '{}' AND query LIKE 'REINDEX%' AND wait_event_type = 'Lock'",
            database.name()
        );
        let ran = std::thread::scope(|scope| {
            let running = scope.spawn(|| project.run("migrate"));
            let waits = format!("SELECT count(*) {session}");
            wait_until(LONG, "it waits", || running.is_finished() || server.query_value(&waits) == "1");
            server.query_value(&format!("SELECT pg_cancel_backend(pid) {session}"));
            running.join().expect("no panic")
        });
        assert_eq!(ran.exit.0, 1, "{}", ran.all());
        assert!(ran.err.contains("The next run drops it with DROP INDEX CONCURRENTLY."), "{}", ran.all());
        execute(&mut writer, "COMMIT");
        assert_eq!(invalid(&database, "a\\_id\\_ccnew"), 1, "{}", ran.all());

        let out = done(&project, "migrate");
        let named =
            "    Dropped the invalid index public.a_id_ccnew, which an earlier run could not finish.\n";
        assert!(out.contains(named), "{out}");
        assert_eq!(out.matches("Dropped the invalid index").count(), dropped, "{out}");
        assert_eq!(invalid(&database, "%"), kept, "{out}");
        let valid = "SELECT COUNT(*) AS n FROM pg_index WHERE indrelid = 'a'::regclass AND indisvalid";
        assert_eq!(number(&mut connect(&database), valid), 1, "{out}");
    }
}

/// If only the old index could not be dropped, the new one has its name.
#[case(on_postgres)]
fn an_old_index_that_stayed_is_dropped() {
    let database = TestDatabase::postgres();
    let connection = &mut connect(&database);
    execute(connection, TABLE);
    execute(connection, "CREATE INDEX a_id_ccold1 ON a (id); CREATE INDEX b_ccold ON b (id)");
    let project = project_of(&["reindexed_index"], &database);
    execute(connection, "ALTER TABLE a RENAME TO renamed; DROP INDEX a_id");
    assert_eq!(project.run("migrate").exit.0, 1, "there is no such index");
    execute(connection, "ALTER TABLE renamed RENAME TO a; CREATE INDEX a_id ON a (id)");
    execute(
        connection,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('a_id_ccold1'::regclass, 'b_ccold'::regclass)",
    );
    let out = done(&project, "migrate");
    assert!(out.contains("    Dropped the invalid index public.a_id_ccold1, "), "{out}");
    assert_eq!((invalid(&database, "a%"), invalid(&database, "b%")), (0, 1), "{out}");
}
