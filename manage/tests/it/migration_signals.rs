//! SIGINT and SIGTERM while migrations run: what is running is ended and undone, and the next run continues.

use std::time::Duration;

use manage_test_support::{
    Backend, Program, Running, Signal, TestDatabase, Transcript, case, shared_mariadb, shared_postgres,
    wait_until,
};

use crate::backends::{behind_pgbouncer, connect, on_each_server, on_postgres, on_sqlite};
use crate::migrating::done;
use crate::migration_files::{app, is_there, number, project_of};
use crate::migration_rounds::APP;
use crate::pooling::pooler;

const PATIENCE: Duration = Duration::from_secs(60);

/// Applications whose second migration sleeps, and applications with the same migrations, which do not.
macro_rules! sleeping {
    ($slow:literal, $quick:literal, $sleep:literal, $in_transaction:literal) => {
        app!(
            $slow,
            ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER)", None, true),
            (
                "2026-01-02-000000_b",
                concat!("CREATE TABLE b (id INTEGER);\n", $sleep, ";\nCREATE TABLE c (id INTEGER);"),
                None,
                $in_transaction
            ),
            ("2026-01-03-000000_c", "CREATE TABLE d (id INTEGER)", None, true)
        );
        app!(
            $quick,
            ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER)", None, true),
            (
                "2026-01-02-000000_b",
                "CREATE TABLE b (id INTEGER);\nSELECT 1;\nCREATE TABLE c (id INTEGER);",
                None,
                $in_transaction
            ),
            ("2026-01-03-000000_c", "CREATE TABLE d (id INTEGER)", None, true)
        );
    };
}
sleeping!("sleeps_postgres", "wakes_postgres", "SELECT pg_sleep(600)", true);
sleeping!("sleeps_postgres_outside", "wakes_postgres_outside", "SELECT pg_sleep(600)", false);
sleeping!("sleeps_mariadb", "wakes_mariadb", "SELECT SLEEP(600)", true);
sleeping!("sleeps_mariadb_outside", "wakes_mariadb_outside", "SELECT SLEEP(600)", false);

fn migrating(app: &str, url: &str) -> Running {
    let this = std::env::current_exe().expect("this program");
    let program = Program::new(this).env(APP, app).env("DATABASE_URL", url).cwd(std::env::temp_dir());
    program.args(["migrate"]).spawn()
}

/// How many sessions run a statement with this text.
fn sleepers(database: &TestDatabase, text: &str) -> String {
    let name = database.name();
    match database.backend() {
        Backend::Postgres => shared_postgres().unwrap().query_value(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state = 'active' AND query ILIKE '%{text}%'"
        )),
        _ => shared_mariadb().unwrap().query_value(&format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}' AND info LIKE '%{text}%' AND info NOT LIKE '%processlist%'"
        )),
    }
}

/// Runs an app until a statement with this text runs, and sends a signal.
fn signalled(app: &str, database: &TestDatabase, text: &str, signal: Signal) -> Transcript {
    signalled_by(database.url(), app, database, text, signal)
}

/// The same by this way to the database.
fn signalled_by(url: &str, app: &str, database: &TestDatabase, text: &str, signal: Signal) -> Transcript {
    let mut running = migrating(app, url);
    wait_until(PATIENCE, "the statement runs", || sleepers(database, text) == "1");
    running.signal(signal);
    let transcript = running.wait(PATIENCE);
    assert_eq!(sleepers(database, text), "0", "the server goes on\n{transcript}");
    transcript
}

#[case(on_each_server)]
fn a_running_statement_is_cancelled(backend: Backend) {
    let kind = if backend == Backend::Postgres { "postgres" } else { "mariadb" };
    for (signal, code, name, place) in
        [(Signal::INT, 130, "SIGINT", ""), (Signal::TERM, 143, "SIGTERM", "_outside")]
    {
        let database = TestDatabase::new(backend);
        let ran = signalled(&format!("sleeps_{kind}{place}"), &database, "LEEP(600)", signal);
        let ran = ran.expect_code(code);
        let begin = format!(
            "Error: Stopped by {name}. One migration was finished. The next one, 2026-01-02-000000_b, was under way. "
        );
        assert!(ran.stderr.starts_with(&begin), "{ran}");
        assert!(ran.stderr.contains("Hint: Run `migrate` again: it continues there."), "{ran}");
        let rolls_back = backend == Backend::Postgres && place.is_empty();
        assert_eq!(is_there(&database, "b"), !rolls_back, "{ran}");
        assert_eq!(ran.stderr.contains("Nothing of it stayed in the database."), rolls_back, "{ran}");
        assert!(!is_there(&database, "c"), "{ran}");
        let ran = done(&project_of(&[&*format!("wakes_{kind}{place}").leak()], &database), "migrate");
        assert!(ran.contains(if rolls_back { "  Applying wakes_" } else { "  Continuing wakes_" }), "{ran}");
        assert!(is_there(&database, "d"));
    }
}

#[case(behind_pgbouncer)]
fn a_statement_behind_a_pooler_is_cancelled() {
    let (database, _pooler, url) = pooler(&[]);
    let ran = signalled_by(&url, "sleeps_postgres", &database, "LEEP(600)", Signal::TERM).expect_code(143);
    assert!(ran.stderr.contains("Nothing of it stayed in the database."), "{ran}");
    assert!(!is_there(&database, "b"), "{ran}");
}

app!(
    "indexes_signal",
    ("2026-01-01-000000_a", "CREATE INDEX CONCURRENTLY a_id ON a (id);\nSELECT 1;", None, false)
);

#[case(on_postgres)]
fn an_index_that_was_not_finished_is_built_by_the_next_run() {
    use diesel::connection::SimpleConnection as _;

    let database = TestDatabase::postgres();
    let mut writer = connect(&database);
    writer.batch_execute("CREATE TABLE a (id INTEGER)").expect("a table");
    writer.batch_execute("BEGIN; INSERT INTO a VALUES (1)").expect("a transaction");
    // While the index is built it waits for the transaction.
    let ran =
        signalled("indexes_signal", &database, "CREATE INDEX CONCURRENTLY", Signal::TERM).expect_code(143);
    assert!(ran.stderr.contains("None of its statements took effect in this run."), "{ran}");
    writer.batch_execute("COMMIT").expect("the end of the transaction");
    let ran = done(&project_of(&["indexes_signal"], &database), "migrate");
    let is_valid = "SELECT COUNT(*) AS n FROM pg_index WHERE indisvalid AND indrelid = 'a'::regclass";
    assert_eq!(number(&mut writer, is_valid), 1, "{ran}");
    assert!(
        ran.contains("Dropped the invalid index public.a_id, which an earlier run could not finish."),
        "{ran}"
    );
}

app!(
    "slow_sqlite",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER)", None, true),
    (
        "2026-01-02-000000_b",
        "CREATE TABLE b AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT i FROM n;\nCREATE TABLE c (id INTEGER);",
        None,
        true
    )
);

/// A statement of SQLite cannot be cancelled: the run ends after it.
#[case(on_sqlite)]
fn sqlite_ends_after_the_statement() {
    let database = TestDatabase::sqlite();
    let mut running = migrating("slow_sqlite", database.url());
    running.wait_for_line("  Applying slow_sqlite.2026-01-01-000000_a... OK", PATIENCE);
    running.signal(Signal::TERM);
    let ran = running.wait(PATIENCE).expect_code(143);
    assert!(
        ran.stderr.starts_with("Error: Stopped by SIGTERM. One migration was finished. The next one"),
        "{ran}"
    );
    assert!(!is_there(&database, "b") && !is_there(&database, "c"), "{ran}");
    done(&project_of(&["slow_sqlite"], &database), "migrate");
}
