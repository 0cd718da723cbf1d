//! Databases that answer and take no changes: a real standby, and those that were made read-only.

use manage_test_support::{
    Backend, DatabaseServer, Postgres, Program, TestDatabase, case, execute, shared_mariadb, shared_postgres,
    wait_until,
};

use super::bench::{LONG, Wait, own_url, session, shared_url};
use super::{on_both, on_mariadb, on_postgres};

#[case(on_postgres)]
fn a_standby_until_it_is_promoted() {
    let primary =
        Postgres::builder().hba(["host all,replication all 127.0.0.1/32 scram-sha-256"]).start().unwrap();
    primary.execute("CREATE DATABASE app");
    let standby = Postgres::builder().standby_of(&primary).expect("a standby");
    let url = standby.url("app");
    Wait::new(&url, "").end().ready();
    Wait::new(&url, "--writable --once").end().not_ready("read_only", "25006");
    Wait::new(&url, "--writable").waits("read_only", "25006");
    Wait::new(&primary.url("app"), "--writable").end().ready();
    let promote = || standby.execute("SELECT pg_promote()");
    Wait::new(&url, "--writable").end_after("read_only", promote).ready();
    assert_eq!(standby.query_value("SELECT pg_is_in_recovery()"), "f");
}

const PASSWORD: &str = "right-Passw0rd";

#[case(on_both)]
fn a_user_whose_transactions_are_read_only(backend: Backend) {
    if backend == Backend::Postgres {
        execute(backend, &format!("CREATE ROLE ro_role LOGIN PASSWORD '{PASSWORD}'"));
        execute(backend, "ALTER ROLE ro_role SET default_transaction_read_only = on");
        let url = shared_url(backend, "ro_role", PASSWORD, "postgres");
        Wait::new(&url, "").end().ready();
        let fix = || execute(backend, "ALTER ROLE ro_role RESET default_transaction_read_only");
        Wait::new(&url, "--writable").end_after("read_only", fix).ready();
    } else {
        let server = DatabaseServer::start(backend);
        server.execute("SET GLOBAL tx_read_only = 1");
        Wait::new(&own_url(&server), "").end().ready();
        let fix = || server.execute("SET GLOBAL tx_read_only = 0");
        Wait::new(&own_url(&server), "--writable")
            .end_after("read_only", fix)
            .ready()
            .saw("read_only", "1792");
    }
}

#[case(on_mariadb)]
fn a_server_that_is_read_only() {
    let server = DatabaseServer::start(Backend::MariaDb);
    server.execute(&format!("CREATE USER plain IDENTIFIED BY '{PASSWORD}'"));
    server.execute("GRANT SELECT, INSERT ON mysql.* TO plain");
    server.execute("SET GLOBAL read_only = 1");
    let url = server.url_as("127.0.0.1", "plain", PASSWORD, "mysql");
    Wait::new(&url, "").end().ready();
    Wait::new(&url, "--writable --once").end().not_ready("read_only", "1290");
    // Who may write all the same is not held up: it is as the server says, whatever the privileges are
    // called.
    Wait::new(&own_url(&server), "--writable --once").end().ready();
    server.execute("CREATE TABLE mysql.written (user TEXT); CREATE ROLE writers; GRANT READ_ONLY ADMIN ON *.* TO writers");
    let mut writers = Vec::new();
    for (user, grant) in [
        ("super", "GRANT SUPER ON *.* TO super"),
        ("admin", "GRANT READ_ONLY ADMIN ON *.* TO admin"),
        ("everything", "GRANT ALL ON *.* TO everything"),
        ("connector", "GRANT CONNECTION ADMIN ON *.* TO connector"),
        ("member", "GRANT writers TO member; SET DEFAULT ROLE writers FOR member"),
    ] {
        server.execute(&format!(
            "CREATE USER {user} IDENTIFIED BY '{PASSWORD}'; GRANT SELECT, INSERT ON mysql.* TO {user}; {grant}"
        ));
        let url = server.url_as("127.0.0.1", user, PASSWORD, "mysql");
        let write = diesel::connection::SimpleConnection::batch_execute(
            &mut session(&url),
            "INSERT INTO written VALUES ('x')",
        );
        match write {
            Ok(()) => {
                Wait::new(&url, "--writable --once").end().ready();
                writers.push(user);
            }
            Err(_) => {
                Wait::new(&url, "--writable --once").end().not_ready("read_only", "1290");
            }
        }
    }
    assert!(writers.contains(&"admin") && writers.contains(&"member"), "{writers:?}");
    assert!(!writers.contains(&"connector"), "{writers:?}");
    let fix = || server.execute("SET GLOBAL read_only = 0");
    Wait::new(&url, "--writable").end_after("read_only", fix).ready();
}

#[case(on_both)]
fn migrations_that_are_missing(backend: Backend) {
    let database = TestDatabase::new(backend);
    let manage = Program::new(env!("CARGO_BIN_EXE_manage"));
    let migrate = || {
        let manage = manage.clone().env("DATABASE_URL", database.url()).arg("migrate");
        manage.run(LONG).expect_success();
    };
    Wait::new(database.url(), "--migrations --once").end().not_ready("unmigrated", "");
    Wait::new(database.url(), "--migrations").end_after("unmigrated", migrate).ready();
}

/// Somebody migrates and holds the table; an administrator ends the session that waits for it.
#[case(on_both)]
fn a_question_that_is_held_up_and_killed(backend: Backend) {
    let database = TestDatabase::new(backend);
    let manage = Program::new(env!("CARGO_BIN_EXE_manage")).env("DATABASE_URL", database.url());
    manage.arg("migrate").run(LONG).expect_success();
    let (lock, name) = match backend {
        Backend::Postgres => {
            ("BEGIN; LOCK TABLE __diesel_schema_migrations IN ACCESS EXCLUSIVE MODE", database.name())
        }
        _ => ("LOCK TABLES __diesel_schema_migrations WRITE", database.name()),
    };
    let mut holder = session(database.url());
    diesel::connection::SimpleConnection::batch_execute(&mut holder, lock).expect("a lock");
    Wait::new(database.url(), "--migrations --once --attempt-timeout 2").end().not_ready("timed_out", "");
    let mut waiting =
        Wait::new(database.url(), "--migrations --attempt-timeout 60 --fail-fast-after 0").start();
    let held_up = match backend {
        Backend::Postgres => {
            format!("SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'")
        }
        _ => format!(
            "SELECT id FROM information_schema.processlist \
             WHERE db = '{name}' AND state LIKE 'Waiting for table metadata lock'"
        ),
    };
    let value = |sql: &str| match backend {
        Backend::Postgres => shared_postgres().unwrap().query_value(sql),
        _ => shared_mariadb().unwrap().query_value(sql),
    };
    // Also those that were given up still wait on the server.
    let reason = if backend == Backend::Postgres { "starting_up" } else { "closed" };
    wait_until(LONG, "its question is ended", || {
        for id in value(&held_up).lines() {
            // One that has just ended cannot be killed.
            let _ = match backend {
                Backend::Postgres => {
                    shared_postgres().unwrap().sql("postgres", &format!("SELECT pg_terminate_backend({id})"))
                }
                _ => shared_mariadb().unwrap().sql("mysql", &format!("KILL {id}")),
            };
        }
        waiting.running.stdout().contains(&format!("\"reason\":\"{reason}\""))
    });
    assert!(waiting.is_waiting());
    drop(holder);
    waiting.end().ready();
}
