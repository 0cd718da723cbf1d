//! PostgreSQL: starting, stopping, standing still.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use manage_test_support::{Need, Postgres, Program, TestDatabase, case, needs, shared_postgres, wait_until};

fn start() -> Postgres {
    Postgres::start().unwrap_or_else(|error| panic!("{error}"))
}

fn select_one(url: &str) -> Program {
    Program::new("psql").args(["-X", "-A", "-t", "-c", "SELECT 1", url])
}

#[case(needs(Need::Postgres))]
fn password_is_asked_for_over_tcp() {
    let server = shared_postgres().unwrap();
    let answer = select_one(&server.url("postgres")).run(Duration::from_secs(10)).expect_success();
    assert_eq!(answer.stdout, "1\n");
    let url = server.url_as("127.0.0.1", server.user(), "wrong", "postgres");
    let answer = select_one(&url).run(Duration::from_secs(10)).expect_code(2);
    assert!(answer.stderr.contains("password authentication failed"), "{answer}");
}

#[case(needs(Need::Postgres))]
fn databases_come_and_go() {
    let server = shared_postgres().unwrap();
    server.create_database("odd \"name\"/?");
    select_one(&server.url("odd \"name\"/?")).run(Duration::from_secs(10)).expect_success();
    server.drop_database("odd \"name\"/?");

    let count = |name: &str| {
        server.query_value(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"))
    };
    let database = TestDatabase::postgres();
    let name = database.name().to_owned();
    assert_eq!(count(&name), "1");
    server.execute_in(&name, "CREATE TABLE t (n int)");
    assert_eq!(server.query_value_in(&name, "SELECT count(*) FROM t"), "0");
    drop(database);
    assert_eq!(count(&name), "0");
}

#[case(needs(Need::Postgres))]
fn appears_later() {
    let server = Postgres::prepare().unwrap();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).is_err());
    assert!(server.pid().is_none());
    server.start_in_background();
    server.wait_until_ready(Duration::from_secs(20));
    assert_eq!(server.query_value("SELECT 1"), "1");
}

#[case(needs(Need::Postgres))]
fn paused_answers_nobody() {
    let server = start();
    let url = server.url("postgres");
    let mut session =
        Program::new("psql").args(["-X", "-c", "SELECT pg_sleep(0.5)", "-c", "SELECT 'awake'", &url]).spawn();
    wait_until(Duration::from_secs(10), "the session is there", || {
        server.query_value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%'") == "2"
    });
    server.pause();
    // The kernel completes the handshake all the same.
    TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    let answer = select_one(&url).run(Duration::from_millis(700));
    assert!(answer.timed_out.is_some(), "{answer}");
    // Its own process is suspended, too, not only the first one.
    assert!(session.is_running());
    server.resume();
    session.wait_for_line("awake", Duration::from_secs(10));
    select_one(&url).run(Duration::from_secs(10)).expect_success();
}

#[case(needs(Need::Postgres))]
fn killed_keeps_its_data() {
    let server = start();
    let port = server.port();
    server.execute("CREATE TABLE kept (n int)");
    server.kill();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    server.start_again();
    assert_eq!(server.port(), port);
    assert!(server.log().contains("was interrupted"), "{}", server.log());
    assert_eq!(server.query_value("SELECT count(*) FROM kept"), "0");
    server.stop();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    server.start_again();
    assert_eq!(server.query_value("SELECT count(*) FROM kept"), "0");
}

#[case(needs(Need::Postgres))]
fn killed_while_paused() {
    let server = start();
    server.pause();
    server.kill();
    server.start_again();
    server.pause();
    server.stop();
    server.start_again();
    assert_eq!(server.query_value("SELECT 1"), "1");
}

#[case(needs(Need::Postgres))]
fn settings_and_hba() {
    let server = Postgres::builder()
        .setting("application_name = 'from the settings'")
        .hba(["host all all 127.0.0.1/32 reject"])
        .max_connections(7)
        .start()
        .unwrap();
    assert_eq!(server.query_value("SHOW max_connections"), "7");
    let answer = select_one(&server.url("postgres")).run(Duration::from_secs(10)).expect_code(2);
    assert!(answer.stderr.contains("pg_hba.conf rejects connection"), "{answer}");
}

#[case(needs(Need::Postgres))]
fn another_port_when_taken() {
    let server = Postgres::prepare().unwrap();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    server.start_in_background();
    let panic = crate::suite::panic_of(|| server.wait_until_ready(Duration::from_secs(20)));
    // What `start` looks for before it tries another port.
    assert!(panic.contains("Address already in use"), "{panic}");
}

#[case(needs(Need::Postgres))]
fn broken_setting_is_reported() {
    let error = Postgres::builder().setting("no_such_setting = 1").start().err().expect("it does not start");
    let message = error.to_string();
    assert!(message.contains("unrecognized configuration parameter \"no_such_setting\""), "{message}");
}
