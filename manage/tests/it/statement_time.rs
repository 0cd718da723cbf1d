//! A handler whose statement waits for a lock: it ends with the request's time, and leaves nothing behind.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use manage::axum::extract::State;
use manage::axum::routing::get;
use manage::database::Connection;
use manage::server::{Db, HandlerError, Routes, Site};
use manage_test_support::{Backend, TestDatabase, case, shared_mariadb, shared_postgres, wait_until};

use crate::backends::{behind_pgbouncer, connect, on_each_backend, on_postgres_with_tls, open, text, with};
use crate::pooling::pooler;
use crate::serving::{SOON, Server};
use crate::tls::encrypting;

diesel::table! {
    soups (id) {
        id -> Integer,
        bowls -> Integer,
    }
}

#[manage::router(prefix = "/time")]
fn urls(site: &Site) -> manage::Result<Routes> {
    Ok(Routes::new()
        .route("/statement", get(async |db: Db| eaten(db.run(eat).await?)))
        .route("/transaction", get(async |db: Db| eaten(db.run(|db| db.transaction(eat)).await?)))
        .route("/insistent", get(async |db: Db| eaten(db.run(insist).await?)))
        .route("/pool", get(async |State(site): State<Site>| eaten(site.pool().run(eat_well).await?)))
        .with_state(site.clone()))
}

fn eaten(bowls: usize) -> Result<String, HandlerError> {
    Ok(format!("{bowls} eaten"))
}

fn eat(connection: &mut Connection) -> QueryResult<usize> {
    diesel::update(soups::table.find(1)).set(soups::bowls.eq(soups::bowls - 1)).execute(connection)
}

fn eat_well(connection: &mut Connection) -> manage::Result<usize> {
    Ok(eat(connection)?)
}

/// It tries again whatever happens.
fn insist(connection: &mut Connection) -> QueryResult<usize> {
    (0..1_000).map(|_| eat(connection)).find(Result::is_ok).unwrap_or_else(|| eat(connection))
}

/// How many statements of this database wait or run.
fn running(database: &TestDatabase) -> String {
    let name = database.name();
    match database.backend() {
        Backend::Postgres => shared_postgres().expect("a server").query_value(&format!(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = '{name}' AND state = 'active' AND query LIKE 'UPDATE%soups%'"
        )),
        Backend::MariaDb => shared_mariadb().expect("a server").query_value(&format!(
            "SELECT count(*) FROM information_schema.processlist \
             WHERE db = '{name}' AND command <> 'Sleep' AND info LIKE 'UPDATE%soups%'"
        )),
        Backend::Sqlite => "0".to_owned(),
    }
}

/// One connection for all requests, and little time for each.
fn server(url: &str) -> Server {
    let variables =
        [("DATABASE_URL", url), ("MANAGE_POOL_MAX_SIZE", "1"), ("MANAGE_SERVER_REQUEST_TIMEOUT", "4")];
    Server::with(&[], &variables)
}

/// Holds a lock on the table for as long as the connection exists.
fn locked(database: &TestDatabase) -> Connection {
    lock(connect(database), database.backend())
}

fn lock(mut other: Connection, backend: Backend) -> Connection {
    let table = "CREATE TABLE soups (id INTEGER NOT NULL PRIMARY KEY, bowls INTEGER NOT NULL)";
    other.batch_execute(table).expect("a table");
    other.batch_execute("INSERT INTO soups VALUES (1, 10)").expect("a row");
    let lock = match backend {
        Backend::Postgres => "BEGIN; LOCK TABLE soups IN ACCESS EXCLUSIVE MODE",
        Backend::MariaDb => "LOCK TABLES soups WRITE",
        Backend::Sqlite => "BEGIN EXCLUSIVE",
    };
    other.batch_execute(lock).expect("a lock");
    other
}

#[case(on_each_backend)]
fn a_statement_ends_with_the_time_of_its_request(database: TestDatabase) {
    let other = locked(&database);
    let mut server = server(database.url());
    for path in ["/time/statement", "/time/transaction", "/time/insistent", "/time/pool"] {
        let answer = server.get(path);
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{path}: {answer}");
        let line = server.running.wait_for_line(&format!("Error: GET {path} failed at "), SOON);
        assert!(line.contains("statement_time.rs:"), "{line}");
        assert!(line.contains("the time of the request was over before the database answered"), "{line}");
        let answer = server.get("/handlers/two");
        assert!(answer.ends_with("\r\n\r\n2"), "the connection is free: {answer}");
        wait_until(SOON, "the end of the statement in the server", || running(&database) == "0");
    }
    drop(other);
    let answer = server.get("/time/statement");
    assert!(answer.ends_with("\r\n\r\n1 eaten"), "{answer}");
    let left = soups::table.select(soups::bowls).first::<i32>(&mut connect(&database));
    assert_eq!(left, Ok(9), "no statement that was cut off has run");
}

/// A request to cancel goes to the pooler, which finds the server's session; or it is encrypted.
#[case(behind_pgbouncer)]
fn a_pooler_passes_the_request_to_cancel_on() {
    let (database, _pooler, url) = pooler(&[]);
    let other = locked(&database);
    is_canceled(&url, || running(&database));
    drop(other);
}

#[case(on_postgres_with_tls)]
fn a_request_to_cancel_is_encrypted() {
    let (postgres, tls) = encrypting(Backend::Postgres);
    let url = postgres.url_as("localhost", postgres.user(), postgres.password(), postgres.own_database());
    let url = with(&with(&url, "sslmode", "verify-full"), "sslrootcert", text(tls.ca()));
    let other = lock(open(&url), Backend::Postgres);
    let statements = "FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE%soups%'";
    is_canceled(&url, || postgres.query_value(&format!("SELECT count(*) {statements}")));
    drop(other);
}

#[track_caller]
fn is_canceled(url: &str, running: impl Fn() -> String) {
    let server = server(url);
    assert!(server.get("/handlers/two").ends_with("\r\n\r\n2"), "it connects");
    let answer = server.get("/time/statement");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    wait_until(SOON, "the end of the statement in the server", || running() == "0");
    assert!(server.get("/handlers/two").ends_with("\r\n\r\n2"), "the connection is free");
}

/// Nobody waits for the answer any more, and nothing else ends the statement.
#[case(on_each_backend)]
fn a_client_that_goes_away_leaves_no_statement(database: TestDatabase) {
    let other = locked(&database);
    let server = server(database.url());
    for path in ["/time/statement", "/time/pool"] {
        let client = server.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        if database.backend() != Backend::Sqlite {
            wait_until(SOON, "the statement", || running(&database) == "1");
        }
        drop(client);
        wait_until(SOON, "its end", || {
            running(&database) == "0" && server.get("/handlers/two").ends_with("\r\n\r\n2")
        });
    }
    drop(other);
}
