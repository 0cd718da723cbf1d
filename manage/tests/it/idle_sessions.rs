//! PostgreSQL sessions whose socket only their own thread reads: what arrives between two queries, and what
//! arrives while much is sent.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection as _;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::sql_types::{BigInt, Integer, Text};
use manage::database::{CopyRows, PostgresConnection, ServerError};
use manage_test_support::{Postgres, TestDatabase, Tls, case, wait_until};

use crate::backends::{LONG, on_postgres, on_postgres_with_tls, settings, text, with};

fn open(url: &str) -> PostgresConnection {
    PostgresConnection::open(&settings(url)).unwrap_or_else(|error| panic!("{error}"))
}

fn number(connection: &mut PostgresConnection, sql: &str) -> QueryResult<i64> {
    diesel::select(diesel::dsl::sql::<BigInt>(sql)).get_result(connection)
}

fn pid(connection: &mut PostgresConnection) -> i32 {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(connection).expect("a number")
}

#[case(on_postgres)]
fn a_session_that_ends_between_two_queries_is_noticed() {
    let database = TestDatabase::postgres();
    let [mut terminated, mut other] = [open(database.url()), open(database.url())];
    let victim = pid(&mut terminated);
    assert!(!terminated.is_broken());
    let started = Instant::now();
    assert!(!terminated.is_broken(), "a second time, too");
    assert!(started.elapsed() < Duration::from_secs(5), "it does not wait for anything");
    let done = number(&mut other, &format!("pg_terminate_backend({victim})::integer::bigint"));
    assert_eq!(done, Ok(1));
    wait_until(LONG, "the end is noticed", || terminated.is_broken());
    let error = number(&mut terminated, "1::bigint").expect_err("no session");
    assert!(matches!(&error, QueryError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)), "{error:?}");
    assert!(!other.is_broken());
}

#[case(on_postgres)]
fn the_next_query_reports_why_the_session_ended() {
    let database = TestDatabase::postgres();
    let [mut terminated, mut other] = [open(database.url()), open(database.url())];
    let victim = pid(&mut terminated);
    number(&mut other, &format!("pg_terminate_backend({victim})::integer::bigint")).expect("it ends");
    let gone = format!("(SELECT count(*) FROM pg_stat_activity WHERE pid = {victim})");
    wait_until(LONG, "the session is gone", || number(&mut other, &gone) == Ok(0));
    let error = number(&mut terminated, "1::bigint").expect_err("no session");
    assert_eq!(ServerError::of(&error).expect("details").sqlstate(), Some("57P01"), "{error:?}");
    assert!(terminated.is_broken());
}

#[case(on_postgres)]
fn messages_that_arrive_between_two_queries_do_no_harm() {
    let database = TestDatabase::postgres();
    let [mut listening, mut other] = [open(database.url()), open(database.url())];
    listening.batch_execute("LISTEN news").expect("a channel");
    for round in 0..20 {
        let notify = "SELECT pg_notify('news', repeat('x', 1000) || i) FROM generate_series(1, 200) i";
        other.batch_execute(notify).expect("they are sent");
        if round % 2 == 0 {
            assert!(!listening.is_broken());
        }
        assert_eq!(number(&mut listening, &format!("{round}::bigint")), Ok(round));
    }
}

#[case(on_postgres)]
fn threads_and_runtimes_take_turns_with_a_session() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    for i in 0..20 {
        connection = thread::spawn(move || {
            assert_eq!(number(&mut connection, &format!("{i}::bigint")), Ok(i));
            connection
        })
        .join()
        .expect("no panic");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async { assert_eq!(number(&mut connection, "7::bigint"), Ok(7)) });
    }
    // Many at once, each with its own.
    let threads: Vec<_> = (0..8)
        .map(|i| {
            let url = database.url().to_owned();
            thread::spawn(move || {
                let mut connection = open(&url);
                (0..200).all(|j| number(&mut connection, &format!("{}::bigint", i + j)) == Ok(i + j))
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().expect("no panic")));
}

/// The server sends a notice for each row that it receives, and would stop reading if nobody read them.
#[case(on_postgres)]
fn the_server_may_send_much_while_it_receives_much() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    connection
        .batch_execute(
            "CREATE TABLE received (id integer, label text);
             CREATE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE NOTICE '%', repeat('n', 2000); RETURN NEW; END $$;
             CREATE TRIGGER noisy BEFORE INSERT ON received FOR EACH ROW EXECUTE FUNCTION noisy()",
        )
        .expect("a table");
    let rows = (0..20_000).map(|id| [Some(id.to_string()), Some("y".repeat(1_000))]);
    let copied = connection.copy_in("COPY received FROM STDIN", CopyRows::new(rows));
    assert_eq!(copied, Ok(20_000));
    assert_eq!(number(&mut connection, "(SELECT count(*) FROM received)"), Ok(20_000));
    // The same without COPY: many statements in one text.
    let many = "INSERT INTO received VALUES (1, repeat('z', 10));\n".repeat(5_000);
    connection.batch_execute(&many).expect("rows");
    assert_eq!(number(&mut connection, "(SELECT count(*) FROM received)"), Ok(25_000));
}

fn encrypting() -> (Postgres, Tls) {
    let server = Postgres::builder().tls().start().unwrap();
    let tls = server.tls().expect("certificates").clone();
    (server, tls)
}

/// What the server's log has about sessions that did not end in order.
fn complaints(server: &Postgres) -> Vec<String> {
    let log = server.log();
    let bad = ["unexpected EOF", "could not receive", "could not send", "connection reset", "SSL error"];
    log.lines().filter(|line| bad.iter().any(|bad| line.contains(bad))).map(str::to_owned).collect()
}

#[case(on_postgres_with_tls)]
fn the_end_of_a_session_leaves_a_clean_log() {
    let (server, tls) = encrypting();
    let plain = server.url("postgres");
    let secret = with(&with(&plain, "sslmode", "verify-full"), "sslrootcert", text(tls.ca()));
    for url in [with(&plain, "sslmode", "disable"), secret] {
        for _ in 0..20 {
            let mut connection = open(&url);
            assert_eq!(number(&mut connection, "1::bigint"), Ok(1));
        }
        let mut unused = open(&url);
        unused.batch_execute("LISTEN news").expect("a channel");
        open(&url).batch_execute("NOTIFY news").expect("it is sent");
        // Dropped with something unread, and inside of a transaction.
        drop(unused);
        let mut open_transaction = open(&url);
        open_transaction.batch_execute("BEGIN").expect("a transaction");
        drop(open_transaction);
    }
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    // The session that counts is one.
    wait_until(LONG, "the sessions are gone", || server.query_value(sessions) == "1");
    assert_eq!(complaints(&server), Vec::<String>::new());
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

#[case(on_postgres_with_tls)]
fn much_arrives_encrypted_without_a_stop() {
    let (server, tls) = encrypting();
    let url = with(&with(&server.url("postgres"), "sslmode", "verify-full"), "sslrootcert", text(tls.ca()));
    let mut connection = open(&url);
    for length in [0, 1, 100, 16_000, 16_384, 16_500, 70_000, 3_000_000] {
        let query = format!("SELECT repeat('x', {length}) AS text FROM generate_series(1, 3)");
        let rows: Vec<Row> = diesel::sql_query(query).load(&mut connection).expect("rows");
        assert!(rows.len() == 3 && rows.iter().all(|row| row.text.len() == length), "{length}");
    }
    assert!(!connection.is_broken());
}
