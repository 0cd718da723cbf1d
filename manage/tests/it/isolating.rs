//! Isolated commands: one instance at a time, with the holder's name, and never unlocked silently.

use std::time::Duration;

use manage_test_support::{
    Backend, MariaDb, Postgres, Program, Running, Signal, TestDatabase, case, only_if, shared_mariadb,
    shared_postgres, wait_until,
};

use crate::backends::{behind_pgbouncer, on_each_backend, on_each_server, on_mariadb, on_sqlite, project};
use crate::pooling::{pooler, state_of_holder};
use crate::project::AS_PROGRAM;

/// What a command may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

#[case(on_each_backend)]
fn another_one_reports_who_runs(database: TestDatabase) {
    let url = database.url();
    let mut holder = holding(url, &["hold", "600"]);
    let busy = program(url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
    assert_eq!(busy.stdout, "", "{busy}");
    assert!(busy.stderr.starts_with("Error: Another instance of the command `hold` is running: "), "{busy}");
    let who = match database.backend() {
        Backend::MariaDb => "tester@".to_owned(),
        _ => format!(" hold {}@", holder.pid()),
    };
    assert!(busy.stderr.contains(&who), "{busy}");
    // A key makes it another lock, and so does another command.
    program(url).args(["hold", "0", "--isolated-key", "a"]).run(PATIENCE).expect_success();
    program(url).args(["--isolated", "greet", "you"]).run(PATIENCE).expect_success();
    let late = program(url).args(["hold", "0", "--isolated-wait", "1"]).run(PATIENCE).expect_code(75);
    assert!(late.stderr.contains("waiting for it to finish..."), "{late}");
    assert!(late.stderr.contains("Gave up after 1 s."), "{late}");
    assert!(late.duration >= Duration::from_secs(1), "{late}");
    holder.signal(Signal::KILL);
    program(url).args(["hold", "0", "--isolated-wait", "30"]).run(PATIENCE).expect_success();
    // One that has ended by itself has left nothing behind.
    program(url).args(["hold", "0"]).run(PATIENCE).expect_success();
}

#[case(on_each_backend)]
fn a_key_in_code_is_a_lock_of_its_own(database: TestDatabase) {
    let url = database.url();
    let mut holder = holding(url, &["hold_key", "nightly", "600"]);
    let busy = program(url).args(["hold_key", "nightly", "0"]).run(PATIENCE).expect_code(75);
    assert!(busy.stderr.starts_with("Error: Another process holds the key “nightly”"), "{busy}");
    program(url).args(["hold_key", "weekly", "0"]).run(PATIENCE).expect_success();
    holder.signal(Signal::KILL);
    let free = || program(url).args(["hold_key", "nightly", "0"]).run(PATIENCE).code() == Some(0);
    wait_until(PATIENCE, "the lock is free", free);
}

#[case(on_each_backend)]
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
                .query_value(&format!("SELECT id FROM information_schema.processlist WHERE db = '{name}' AND COALESCE(info, '') NOT LIKE '%information_schema%'"));
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
    assert!(ended.stderr.contains("Error: Lost the lock of the command `hold`: "), "{ended}");
}

#[case(on_each_server)]
fn a_waiter_outlives_a_restart(backend: Backend) {
    macro_rules! restarted {
        ($server:expr, $database:literal) => {{
            let server = $server.unwrap();
            let url = server.url($database);
            let holder = holding(&url, &["hold", "600"]);
            let mut waiter = program(&url).args(["hold", "0", "--isolated-wait", "300"]).spawn();
            waiter.wait_for_line("waiting for it to finish", PATIENCE);
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

#[case(on_sqlite)]
fn the_database_need_not_be_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("none.db").display());
    let _holder = holding(&url, &["hold", "600"]);
    program(&url).args(["hold", "0"]).run(PATIENCE).expect_code(75);
    let nowhere = format!("sqlite:{}", folder.path().join("no-folder/none.db").display());
    let refused = program(&nowhere).args(["hold", "0"]).run(PATIENCE).expect_code(1);
    assert!(refused.stderr.contains("no-folder/none.db-hold-"), "{refused}");
    assert!(!folder.path().join("none.db").exists(), "nothing was opened");
}

#[case(on_sqlite)]
fn a_database_in_memory_is_refused() {
    let ran = project(":memory:").run("hold 0");
    assert_eq!((ran.exit.0, ran.out.as_str()), (78, ""), "{}", ran.all());
    assert!(ran.err.contains("in memory, where no other process can see a lock"), "{}", ran.err);
}

#[case(only_if(cfg!(feature = "sqlite")))]
fn what_cannot_be_isolated_says_so() {
    let ran = project(":memory:").run("wait_for_db --isolated");
    assert_eq!(ran.exit.0, 2, "{}", ran.all());
    assert!(ran.err.contains("`wait_for_db` cannot be isolated"), "{}", ran.err);
}

/// MySQL's locks belong to the whole server, and any user who may create a database chooses its name.
#[case(on_mariadb)]
fn no_database_has_the_lock_of_another() {
    let database = TestDatabase::mariadb();
    let _holder = holding(database.url(), &["hold", "600"]);
    // The first is what was hashed behind a database's name for the lock of that command, and nothing was for
    // that of migrations.
    for behind in ["d41c665fc1dedcaf", "migrate", " migrate", "-"] {
        let name = format!("{}{behind}", database.name());
        let server = shared_mariadb().expect("a server");
        server.execute(&format!("CREATE DATABASE `{name}`"));
        let url = server.url(&name);
        let migrated = program(&url).args(["migrate", "--lock-timeout", "0"]).run(PATIENCE);
        program(&url).args(["hold", "0"]).run(PATIENCE).expect_success();
        server.execute(&format!("DROP DATABASE `{name}`"));
        migrated.expect_success();
    }
    program(database.url()).args(["hold", "0"]).run(PATIENCE).expect_code(75);
    program(database.url()).args(["migrate", "--lock-timeout", "0"]).run(PATIENCE).expect_success();
}

/// A holder that says nothing, like one whose machine has vanished: here it is suspended.
#[case(on_mariadb)]
fn a_silent_holder_loses_its_lock() {
    let database = TestDatabase::mariadb();
    let mut holder = holding(database.url(), &["hold", "600"]);
    holder.signal(Signal::STOP);
    program(database.url()).args(["hold", "0", "--isolated-wait", "200"]).run(PATIENCE * 5).expect_success();
    holder.signal(Signal::CONT);
    has_lost(holder);
}

#[case(behind_pgbouncer)]
fn transactions_keep_the_lock() {
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

#[case(behind_pgbouncer)]
fn a_lost_pooled_lock_ends_the_program() {
    let (database, _pooler, url) = pooler(&[]);
    let holder = holding(&url, &["hold", "600"]);
    shared_postgres().unwrap().execute(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        database.name()
    ));
    has_lost(holder);
}

#[case(behind_pgbouncer)]
fn room_in_a_pool_is_waited_for() {
    let (_database, _pooler, url) = pooler(&["default_pool_size = 1"]);
    // Longer than the 10 seconds that the server has for an answer.
    let holder = holding(&url, &["hold", "12"]);
    program(&url).args(["hold", "0", "--isolated-wait", "300"]).run(PATIENCE).expect_success();
    holder.wait(PATIENCE).expect_success();
}
