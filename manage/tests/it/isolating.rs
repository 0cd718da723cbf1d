//! Isolated commands: one run at a time, told who runs, and never unlocked in silence.

use std::time::Duration;

use manage_test_servers::{
    Backend, MariaDb, Need, Postgres, Program, Running, Signal, Suite, TestDatabase, shared_mariadb,
    shared_postgres, wait_until,
};

use crate::backends::{on_each_backend, on_each_server, project};
use crate::pooling::{pooler, state_of_holder};
use crate::project::AS_PROGRAM;

/// What a command may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn add(suite: &mut Suite) {
    let mut add = |name, test| on_each_backend(suite, "isolating", name, test);
    add("another_one_is_told_who_runs", another_one_is_told_who_runs);
    add("a_key_in_code_is_a_lock_of_its_own", a_key_in_code_is_a_lock_of_its_own);
    add("a_lost_lock_ends_the_program", a_lost_lock_ends_the_program);
    on_each_server(suite, "isolating", "a_waiter_outlives_a_restart", a_waiter_outlives_a_restart);
    if cfg!(feature = "sqlite") {
        suite.test("isolating::sqlite::the_database_need_not_be_there", not_there_yet);
        suite.test("isolating::sqlite::a_database_in_memory_is_refused", in_memory);
        suite.test("isolating::what_cannot_be_isolated_says_so", not_for_waiting);
    }
    if cfg!(feature = "mysql") {
        suite.needs(Need::MariaDb, "isolating::mariadb::a_silent_holder_loses_its_lock", a_silent_holder);
    }
    if cfg!(feature = "postgres") {
        suite.needs(Need::PgBouncer, "isolating::pgbouncer::transactions_keep_the_lock", transaction_pooling);
        suite.needs(
            Need::PgBouncer,
            "isolating::pgbouncer::a_lost_lock_ends_the_program",
            lost_behind_a_pooler,
        );
        suite.needs(Need::PgBouncer, "isolating::pgbouncer::room_in_a_pool_is_waited_for", room_in_a_pool);
    }
}

/// This test program as the program of a project with this database.
pub(crate) fn program(url: &str) -> Program {
    let this = std::env::current_exe().expect("this program");
    Program::new(this).env(AS_PROGRAM, "1").env("DATABASE_URL", url).cwd(std::env::temp_dir())
}

fn holding(url: &str, arguments: &[&str]) -> Running {
    let mut running = program(url).args(arguments).spawn();
    running.wait_for_line("held", PATIENCE);
    running
}

fn another_one_is_told_who_runs(database: TestDatabase) {
    let url = database.url();
    let mut holder = holding(url, &["hold", "600"]);
    let busy = program(url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
    assert_eq!(busy.stdout, "", "{busy}");
    assert!(busy.stderr.starts_with("Error: The command `hold` runs elsewhere: "), "{busy}");
    let who = match database.backend() {
        Backend::MariaDb => "tester@".to_owned(),
        _ => format!(" hold {}@", holder.pid()),
    };
    assert!(busy.stderr.contains(&who), "{busy}");
    // A key makes it another lock, and so does another command.
    program(url).args(["hold", "0", "--isolated-key", "a"]).run(PATIENCE).expect_success();
    program(url).args(["--isolated", "greet", "you"]).run(PATIENCE).expect_success();
    let late = program(url).args(["hold", "0", "--isolated-wait", "1"]).run(PATIENCE).expect_code(75);
    assert!(late.stderr.contains("waiting for it to end..."), "{late}");
    assert!(late.stderr.contains("The 1 s to wait for it are over."), "{late}");
    assert!(late.duration >= Duration::from_secs(1), "{late}");
    holder.signal(Signal::KILL);
    program(url).args(["hold", "0", "--isolated-wait", "30"]).run(PATIENCE).expect_success();
    // One that has ended by itself has left nothing behind.
    program(url).args(["hold", "0"]).run(PATIENCE).expect_success();
}

fn a_key_in_code_is_a_lock_of_its_own(database: TestDatabase) {
    let url = database.url();
    let mut holder = holding(url, &["hold_key", "nightly", "600"]);
    let busy = program(url).args(["hold_key", "nightly", "0"]).run(PATIENCE).expect_code(75);
    assert!(busy.stderr.starts_with("Error: The key “nightly” runs elsewhere"), "{busy}");
    program(url).args(["hold_key", "weekly", "0"]).run(PATIENCE).expect_success();
    holder.signal(Signal::KILL);
    let free = || program(url).args(["hold_key", "nightly", "0"]).run(PATIENCE).code() == Some(0);
    wait_until(PATIENCE, "the lock is free", free);
}

fn a_lost_lock_ends_the_program(database: TestDatabase) {
    let holder = holding(database.url(), &["hold", "600"]);
    match database.backend() {
        Backend::Postgres => shared_postgres().unwrap().execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            database.name()
        )),
        Backend::MariaDb => {
            let server = shared_mariadb().unwrap();
            let name = database.name();
            let ids = server
                .query_value(&format!("SELECT id FROM information_schema.processlist WHERE db = '{name}'"));
            ids.lines().for_each(|id| server.execute(&format!("KILL {id}")));
        }
        Backend::Sqlite => {
            let folder = database.path().expect("a file").parent().expect("a folder").to_owned();
            let files = std::fs::read_dir(folder).expect("a folder").flatten();
            let lock = files.map(|file| file.path()).find(|path| path.extension() == Some("lock".as_ref()));
            std::fs::remove_file(lock.expect("a lock file")).expect("a removed file");
        }
    }
    has_lost(holder);
}

#[track_caller]
fn has_lost(holder: Running) {
    let ended = holder.wait(PATIENCE).expect_code(74);
    assert_eq!(ended.stdout, "held\n", "{ended}");
    assert!(ended.stderr.contains("Error: The lock of the command `hold` was lost: "), "{ended}");
}

fn a_waiter_outlives_a_restart(backend: Backend) {
    macro_rules! restarted {
        ($server:expr, $database:literal) => {{
            let server = $server.unwrap();
            let url = server.url($database);
            let holder = holding(&url, &["hold", "600"]);
            let mut waiter = program(&url).args(["hold", "0", "--isolated-wait", "300"]).spawn();
            waiter.wait_for_line("waiting for it to end", PATIENCE);
            server.stop();
            has_lost(holder);
            server.start_again();
            waiter.wait(PATIENCE).expect_success();
        }};
    }
    match backend {
        Backend::Postgres => restarted!(Postgres::start(), "postgres"),
        _ => restarted!(MariaDb::start(), "mysql"),
    }
}

fn not_there_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("none.db").display());
    let _holder = holding(&url, &["hold", "600"]);
    program(&url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
    let nowhere = format!("sqlite:{}", folder.path().join("no-folder/none.db").display());
    let refused = program(&nowhere).args(["hold", "0"]).run(PATIENCE).expect_code(1);
    assert!(refused.stderr.contains("no-folder/none.db-hold-"), "{refused}");
    assert!(!folder.path().join("none.db").exists(), "nothing was opened");
}

fn in_memory() {
    let ran = project(":memory:").run("hold 0");
    assert_eq!((ran.exit.0, ran.out.as_str()), (78, ""), "{}", ran.all());
    assert!(ran.err.contains("in memory, where no other process can see a lock"), "{}", ran.err);
}

fn not_for_waiting() {
    let ran = project(":memory:").run("wait_for_db --isolated");
    assert_eq!(ran.exit.0, 2, "{}", ran.all());
    assert!(ran.err.contains("`wait_for_db` cannot be isolated"), "{}", ran.err);
}

/// A holder that says nothing, as one whose machine has vanished: here it stands still.
fn a_silent_holder() {
    let database = TestDatabase::mariadb();
    let mut holder = holding(database.url(), &["hold", "600"]);
    holder.signal(Signal::STOP);
    program(database.url()).args(["hold", "0", "--isolated-wait", "200"]).run(PATIENCE * 5).expect_success();
    holder.signal(Signal::CONT);
    has_lost(holder);
}

fn transaction_pooling() {
    let (database, _pooler, url) = pooler(&[]);
    let mut holder = holding(&url, &["hold", "600"]);
    wait_until(PATIENCE, "its transaction is open", || state_of_holder(&database) == "idle in transaction");
    // Through the pooler and past it: the lock is the same.
    for url in [url.as_str(), database.url()] {
        let busy = program(url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
        assert!(busy.stderr.contains(&format!(" hold {}@", holder.pid())), "{busy}");
    }
    holder.signal(Signal::KILL);
    program(&url).args(["hold", "0", "--isolated-wait", "30"]).run(PATIENCE).expect_success();
    let _direct = holding(database.url(), &["hold", "600"]);
    wait_until(PATIENCE, "it has no transaction", || state_of_holder(&database) == "idle");
    program(&url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
}

fn lost_behind_a_pooler() {
    let (database, _pooler, url) = pooler(&[]);
    let holder = holding(&url, &["hold", "600"]);
    shared_postgres().unwrap().execute(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        database.name()
    ));
    has_lost(holder);
}

fn room_in_a_pool() {
    let (_database, _pooler, url) = pooler(&["default_pool_size = 1"]);
    // Longer than the 10 seconds that the server has for an answer.
    let holder = holding(&url, &["hold", "12"]);
    program(&url).args(["hold", "0", "--isolated-wait", "300"]).run(PATIENCE).expect_success();
    holder.wait(PATIENCE).expect_success();
}
