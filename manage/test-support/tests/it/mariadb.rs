//! MariaDB: starting, stopping, standing still.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use manage_test_support::{MariaDb, Need, Program, TestDatabase, case, needs, shared_mariadb};

fn start() -> MariaDb {
    MariaDb::start().unwrap_or_else(|error| panic!("{error}"))
}

fn select_one(server: &MariaDb, password: &str) -> Program {
    Program::new("mariadb")
        .args(["--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp", "--host=127.0.0.1"])
        .args([format!("--port={}", server.port()), format!("--user={}", server.user())])
        .args([format!("--password={password}"), "--skip-column-names".to_owned()])
        .args(["--execute", "SELECT 1"])
}

#[case(needs(Need::MariaDb))]
fn password_is_asked_for_over_tcp() {
    let server = shared_mariadb().unwrap();
    let answer = select_one(server, server.password()).run(Duration::from_secs(10)).expect_success();
    assert_eq!(answer.stdout, "1\n");
    let answer = select_one(server, "wrong").run(Duration::from_secs(10)).expect_code(1);
    assert!(answer.stderr.contains("Access denied"), "{answer}");
}

#[case(needs(Need::MariaDb))]
fn databases_come_and_go() {
    let server = shared_mariadb().unwrap();
    let count = |name: &str| {
        server.query_value(&format!(
            "SELECT count(*) FROM information_schema.schemata WHERE schema_name = '{name}'"
        ))
    };
    server.create_database("odd `name`/?");
    assert_eq!(count("odd `name`/?"), "1");
    server.drop_database("odd `name`/?");

    let database = TestDatabase::mariadb();
    let name = database.name().to_owned();
    assert_eq!(count(&name), "1");
    server.execute_in(&name, "CREATE TABLE t (n int)");
    drop(database);
    assert_eq!(count(&name), "0");
}

#[case(needs(Need::MariaDb))]
fn appears_later() {
    let server = MariaDb::prepare().unwrap();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).is_err());
    server.start_in_background();
    server.wait_until_ready(Duration::from_secs(20));
    assert_eq!(server.query_value("SELECT 1"), "1");
}

#[case(needs(Need::MariaDb))]
fn paused_answers_nobody() {
    let server = start();
    server.pause();
    TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    let answer = select_one(&server, server.password()).run(Duration::from_millis(700));
    assert!(answer.timed_out.is_some(), "{answer}");
    server.resume();
    select_one(&server, server.password()).run(Duration::from_secs(10)).expect_success();
}

#[case(needs(Need::MariaDb))]
fn killed_keeps_its_data() {
    let server = start();
    let port = server.port();
    server.execute("CREATE DATABASE d; CREATE TABLE d.kept (n int); INSERT INTO d.kept VALUES (7)");
    server.kill();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    server.start_again();
    assert_eq!(server.port(), port);
    assert_eq!(server.query_value("SELECT n FROM d.kept"), "7");
    server.pause();
    server.stop();
    server.start_again();
    assert_eq!(server.query_value("SELECT n FROM d.kept"), "7");
}

#[case(needs(Need::MariaDb))]
fn another_port_when_taken() {
    let server = MariaDb::prepare().unwrap();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    server.start_in_background();
    let panic = crate::suite::panic_of(|| server.wait_until_ready(Duration::from_secs(20)));
    assert!(panic.contains("Address already in use"), "{panic}");
}

#[case(needs(Need::MariaDb))]
fn settings() {
    let server = MariaDb::builder().setting("lock-wait-timeout = 17").max_connections(12).start().unwrap();
    assert_eq!(server.query_value("SELECT concat(@@lock_wait_timeout, ' ', @@max_connections)"), "17 12");
}
