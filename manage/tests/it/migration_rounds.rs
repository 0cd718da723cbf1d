//! Many processes that migrate one database at once, some of which are killed at any moment: each migration
//! is applied exactly once, and the next `migrate` always succeeds. Then the same backwards.
//!
//! A quick form runs with the other tests: 6 processes, 2 rounds. The full one:
//! `MANAGE_TEST_PROCESSES=20 MANAGE_TEST_ROUNDS=50 cargo test … --test it -- migration_rounds`.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::Connection;
use manage_test_support::{
    Backend, PgBouncer, Program, Running, Signal, TestDatabase, Transcript, case, shared_postgres,
};

use crate::backends::{behind_pgbouncer, connect, on_each_backend};
use crate::migration_files::{app, number};

/// Names the app whose migrations this program runs, if it is started as one that migrates.
pub(crate) const APP: &str = "MANAGE_IT_MIGRATES";

const PATIENCE: Duration = Duration::from_secs(120);

/// Runs this program as a project's own.
pub(crate) fn run() -> Option<ExitCode> {
    let app = std::env::var(APP).ok()?;
    Some(manage::Program::new(vec![&*app.leak()].leak()).main())
}

// Each statement leaves a mark, or something that cannot be there twice.
app!(
    "rounds_sqlite",
    (
        "2026-01-01-000000_tables",
        "CREATE TABLE marks (what TEXT); INSERT INTO marks VALUES ('1a');",
        Some("DROP TABLE marks;"),
        true
    ),
    (
        "2026-01-02-000000_slow",
        "INSERT INTO marks VALUES ('2a'); CREATE TABLE slow AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n; INSERT INTO marks VALUES ('2b');",
        Some("DROP TABLE slow; DELETE FROM marks WHERE what LIKE '2%';"),
        true
    ),
    (
        "2026-01-03-000000_outside",
        "PRAGMA recursive_triggers = ON; INSERT INTO marks VALUES ('3a'); CREATE TABLE outside (id INTEGER); INSERT INTO marks VALUES ('3b'); \
         VACUUM; CREATE INDEX outside_id ON outside (id); INSERT INTO outside SELECT i FROM slow; INSERT INTO marks VALUES ('3c'); ALTER TABLE outside ADD COLUMN x INTEGER;",
        Some(
            "DELETE FROM marks WHERE what = '3a'; ALTER TABLE outside DROP COLUMN x; DROP TABLE outside; DELETE FROM marks WHERE what LIKE '3%';"
        ),
        false
    ),
    (
        "2026-01-04-000000_own",
        "BEGIN; INSERT INTO marks VALUES ('4a'); INSERT INTO outside SELECT i, 1 FROM slow; INSERT INTO marks VALUES ('4b'); COMMIT; INSERT INTO marks VALUES ('4c');",
        Some("DELETE FROM marks WHERE what = '4a'; BEGIN; DELETE FROM marks WHERE what LIKE '4%'; COMMIT;"),
        false
    ),
    (
        "2026-01-05-000000_last",
        "INSERT INTO marks VALUES ('5a'); CREATE TABLE last (id INTEGER); INSERT INTO marks VALUES ('5b');",
        Some("DROP TABLE last; DELETE FROM marks WHERE what LIKE '5%';"),
        true
    ),
);
/// Declares an app for PostgreSQL; `$setting` is what the migration without a transaction sets.
macro_rules! on_a_postgres {
    ($app:literal, $setting:literal) => {
        app!(
            $app,
            (
                "2026-01-01-000000_tables",
                "CREATE TABLE marks (what TEXT); INSERT INTO marks VALUES ('1a');",
                Some("DROP TABLE marks;"),
                true
            ),
            (
                "2026-01-02-000000_slow",
                "INSERT INTO marks VALUES ('2a'); SELECT pg_sleep(0.15); CREATE TABLE slow AS SELECT i FROM generate_series(1, 20000) AS n (i); INSERT INTO marks VALUES ('2b');",
                Some("DROP TABLE slow; DELETE FROM marks WHERE what LIKE '2%';"),
                true
            ),
            (
                "2026-01-03-000000_outside",
                concat!($setting, "INSERT INTO public.marks VALUES ('3a'); CREATE TABLE public.outside (id INTEGER); SELECT pg_sleep(0.1); \
                 INSERT INTO public.outside SELECT i FROM public.slow; CREATE UNIQUE INDEX CONCURRENTLY outside_id ON public.outside (id); VACUUM public.outside; INSERT INTO public.marks VALUES ('3b'); \
                 SELECT pg_sleep(0.1); INSERT INTO public.marks VALUES ('3c'); ALTER TABLE public.outside ADD COLUMN x INTEGER; CREATE INDEX CONCURRENTLY IF NOT EXISTS outside_x ON public.outside (x);"),
                Some(
                    "DELETE FROM marks WHERE what = '3a'; DROP INDEX CONCURRENTLY outside_id; ALTER TABLE outside DROP COLUMN x; SELECT pg_sleep(0.05); DROP TABLE outside; DELETE FROM marks WHERE what LIKE '3%';"
                ),
                false
            ),
            (
                "2026-01-04-000000_own",
                "BEGIN; INSERT INTO marks VALUES ('4a'); SELECT pg_sleep(0.1); INSERT INTO marks VALUES ('4b'); COMMIT; INSERT INTO marks VALUES ('4c');",
                Some("DELETE FROM marks WHERE what = '4a'; BEGIN; DELETE FROM marks WHERE what LIKE '4%'; COMMIT;"),
                false
            ),
            (
                "2026-01-05-000000_last",
                "INSERT INTO marks VALUES ('5a'); CREATE TABLE last (id INTEGER); INSERT INTO marks VALUES ('5b');",
                Some("DROP TABLE last; DELETE FROM marks WHERE what LIKE '5%';"),
                true
            ),
        );
    };
}
on_a_postgres!("rounds_postgres", "SET search_path = pg_catalog; ");
// Behind a pooler, a setting could reach another process.
on_a_postgres!("rounds_pooled", "");
app!(
    "rounds_mysql",
    (
        "2026-01-01-000000_tables",
        "CREATE TABLE marks (what VARCHAR(20)); INSERT INTO marks VALUES ('1a');",
        Some("DROP TABLE marks;"),
        true
    ),
    (
        "2026-01-02-000000_slow",
        "INSERT INTO marks VALUES ('2a'); DO SLEEP(0.15); CREATE TABLE slow (i INT PRIMARY KEY); INSERT INTO slow SELECT seq FROM seq_1_to_20000; INSERT INTO marks VALUES ('2b');",
        Some("DROP TABLE slow; DELETE FROM marks WHERE what LIKE '2%';"),
        true
    ),
    (
        "2026-01-03-000000_outside",
        "SET FOREIGN_KEY_CHECKS = 0; INSERT INTO marks VALUES ('3a'); CREATE TABLE outside (id INT, up INT, FOREIGN KEY (up) REFERENCES nowhere (id)); DO SLEEP(0.1); \
         INSERT INTO outside SELECT i, NULL FROM slow; CREATE INDEX outside_id ON outside (id); INSERT INTO marks VALUES ('3b'); ALTER TABLE outside ADD COLUMN x INT, ADD INDEX (x); \
         LOCK TABLES marks WRITE; INSERT INTO marks VALUES ('3c'); DO SLEEP(0.05); INSERT INTO marks VALUES ('3d'); UNLOCK TABLES; ANALYZE TABLE outside; RENAME TABLE outside TO renamed;",
        Some(
            "DELETE FROM marks WHERE what = '3a'; RENAME TABLE renamed TO outside; DO SLEEP(0.05); ALTER TABLE outside DROP COLUMN x; DROP TABLE outside; DELETE FROM marks WHERE what LIKE '3%';"
        ),
        false
    ),
    (
        "2026-01-04-000000_own",
        "START TRANSACTION; INSERT INTO marks VALUES ('4a'); DO SLEEP(0.1); INSERT INTO marks VALUES ('4b'); COMMIT; INSERT INTO marks VALUES ('4c');",
        Some(
            "DELETE FROM marks WHERE what = '4a'; START TRANSACTION; DELETE FROM marks WHERE what LIKE '4%'; COMMIT;"
        ),
        true
    ),
    (
        "2026-01-05-000000_last",
        "INSERT INTO marks VALUES ('5a'); INSERT INTO marks VALUES ('5b'); CREATE TABLE last (id INT); INSERT INTO marks VALUES ('5c'); DROP TABLE last; CREATE TABLE last (id INT);",
        Some("DROP TABLE last; DELETE FROM marks WHERE what LIKE '5%';"),
        true
    ),
);

#[case(on_each_backend)]
fn each_migration_is_applied_once(database: TestDatabase) {
    let url = match database.backend() {
        Backend::Sqlite => database.url().to_owned(),
        // Many processes share few processors.
        Backend::Postgres | Backend::MariaDb => format!("{}?connect_timeout=60", database.url()),
    };
    let app = match database.backend() {
        Backend::Sqlite => "rounds_sqlite",
        Backend::Postgres => "rounds_postgres",
        Backend::MariaDb => "rounds_mysql",
    };
    rounds(&database, &url, app);
}

#[case(behind_pgbouncer)]
fn each_migration_is_applied_once_behind_a_pooler() {
    let database = TestDatabase::postgres();
    let server = shared_postgres().unwrap();
    // Enough for every process that waits for the lock, which keeps a session of the server.
    let lines = ["pool_mode = transaction", "default_pool_size = 60", "max_client_conn = 200"];
    let pooler = PgBouncer::start(server, &lines).unwrap();
    // Many processes share few processors.
    let url = format!("{}?connect_timeout=60", pooler.url(database.name()));
    rounds(&database, &url, "rounds_pooled");
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn rounds(database: &TestDatabase, url: &str, app: &str) {
    let (processes, rounds) = (setting("MANAGE_TEST_PROCESSES", 6), setting("MANAGE_TEST_ROUNDS", 2));
    let start = Instant::now();
    let mut counts = Counts::default();
    for round in 0..rounds {
        for (target, is_applied) in [(None, true), (Some("zero"), false)] {
            let program = || {
                let this = std::env::current_exe().expect("this program");
                Program::new(this).env(APP, app).env("DATABASE_URL", url).arg("migrate").args(target)
            };
            let running: Vec<Running> = (0..processes).map(|_| program().spawn()).collect();
            let what = format!("round {round}, {}", target.unwrap_or("latest"));
            counts.play(database, running, &what);
            let after = Instant::now();
            let ran = program().run(PATIENCE);
            assert_eq!(ran.code(), Some(0), "the next one, {what}\n{ran}\n{}", journal(database));
            counts.note(&ran);
            counts.slowest = counts.slowest.max(after.elapsed());
            judge(database, is_applied, &what);
        }
    }
    let Counts { killed, continued, notes, slowest } = counts;
    let _ = writeln!(
        std::io::stderr(),
        "{app}: {processes} processes, {rounds} rounds in {:.0} s: {killed} killed, {continued} migrations continued, \
         {notes} of them with a statement that was done already, the next one took at most {:.1} s",
        start.elapsed().as_secs_f64(),
        slowest.as_secs_f64(),
    );
}

#[derive(Default)]
struct Counts {
    killed: usize,
    continued: usize,
    notes: usize,
    slowest: Duration,
}

impl Counts {
    /// Kills processes at random moments: mostly the one that migrates, if the journal names it.
    fn play(&mut self, database: &TestDatabase, mut running: Vec<Running>, what: &str) {
        let mut killed = vec![false; running.len()];
        // Half of them are killed, unless they end before: mostly the one that is in the middle of a migration.
        let wanted = running.len() / 2;
        let mut observer = None;
        while killed.iter().filter(|killed| **killed).count() < wanted {
            std::thread::sleep(Duration::from_millis(random(20)));
            let alive: Vec<usize> =
                (0..running.len()).filter(|i| !killed[*i] && running[*i].is_running()).collect();
            if alive.is_empty() {
                break;
            }
            let holder = holder(database, &mut observer);
            let migrates = alive.iter().find(|i| Some(running[**i].pid()) == holder);
            let any = &alive[usize::try_from(random(alive.len() as u64)).expect("small")];
            let victim = match migrates {
                Some(holder) if random(2) == 0 => *holder,
                None if random(10) == 0 => *any,
                _ => continue,
            };
            running[victim].signal(Signal::KILL);
            killed[victim] = true;
        }
        for (i, process) in running.into_iter().enumerate() {
            let ran = process.wait(PATIENCE);
            self.note(&ran);
            match ran.code() {
                Some(0) => {}
                None if killed[i] => self.killed += 1,
                _ => panic!("{what}\n{ran}\n{}", journal(database)),
            }
        }
    }

    fn note(&mut self, ran: &Transcript) {
        let text = ran.to_string();
        self.continued += text.matches("Continuing ").count();
        self.notes += text.matches("already").count() + text.matches("Dropped the invalid").count();
    }
}

/// The process that the journal names as one that has begun a migration.
fn holder(database: &TestDatabase, observer: &mut Option<Connection>) -> Option<u32> {
    #[derive(QueryableByName)]
    struct Author {
        #[diesel(sql_type = Text)]
        migrated_by: String,
    }
    if database.path().is_some_and(|path| !path.exists()) {
        return None;
    }
    let connection = observer.get_or_insert_with(|| connect(database));
    let query = "SELECT migrated_by FROM __manage_migrations WHERE state <> 'finished'";
    let author: Author = diesel::sql_query(query).get_result(connection).ok()?;
    author.migrated_by.split(' ').nth(1)?.parse().ok()
}

/// Each migration must be there once, or not at all.
fn judge(database: &TestDatabase, is_applied: bool, what: &str) {
    let connection = &mut connect(database);
    let versions = number(connection, "SELECT COUNT(*) AS n FROM __diesel_schema_migrations");
    assert_eq!(versions, if is_applied { 5 } else { 0 }, "{what}");
    let open = number(connection, "SELECT COUNT(*) AS n FROM __manage_migrations WHERE state <> 'finished'");
    assert_eq!(open, 0, "{what}\n{}", journal(database));
    if is_applied {
        let all = number(connection, "SELECT COUNT(*) AS n FROM marks");
        let different = number(connection, "SELECT COUNT(DISTINCT what) AS n FROM marks");
        let expected = if database.backend() == Backend::MariaDb { 13 } else { 11 };
        assert_eq!((all, different), (expected, expected), "{what}");
        let rows = match database.backend() {
            Backend::Sqlite => (200_000, "SELECT COUNT(*) AS n FROM outside"),
            Backend::Postgres => (20_000, "SELECT COUNT(*) AS n FROM outside"),
            Backend::MariaDb => (20_000, "SELECT COUNT(*) AS n FROM renamed"),
        };
        assert_eq!(number(connection, rows.1), rows.0, "{what}");
        if database.backend() == Backend::Postgres {
            let query = "SELECT COUNT(*) AS n FROM pg_index WHERE NOT indisvalid";
            assert_eq!(number(connection, query), 0, "{what}");
            let query = "SELECT COUNT(*) AS n FROM pg_indexes WHERE tablename = 'outside'";
            assert_eq!(number(connection, query), 2, "{what}");
        }
    }
}

fn journal(database: &TestDatabase) -> String {
    #[derive(Debug, QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        version: String,
        #[diesel(sql_type = Text)]
        direction: String,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        statement: i64,
        #[diesel(sql_type = Text)]
        migrated_by: String,
    }
    let mut connection: Connection = connect(database);
    let query =
        "SELECT version, direction, state, statement, migrated_by FROM __manage_migrations ORDER BY version";
    let lines: QueryResult<Vec<Line>> = diesel::sql_query(query).load(&mut connection);
    match lines {
        Ok(lines) => lines
            .into_iter()
            .map(|Line { version, direction, state, statement, migrated_by }| {
                format!("{version} {direction} {state} {statement} {migrated_by}\n")
            })
            .collect(),
        Err(error) => error.to_string(),
    }
}

/// A number below `end`.
fn random(end: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % end
}
