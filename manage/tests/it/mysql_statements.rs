//! The statements that a connection to MySQL or MariaDB keeps prepared: a limited number, and never a stale
//! one. What is bound to them, and what they return.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Integer, Nullable, Text, Time, TinyInt, Unsigned};
use manage::database::{MysqlConnection, Pool, ServerError};
use manage_test_support::{MariaDb, Need, case, needs, wait_until};

use crate::backends::{open, settings};
use crate::things::{create, insert, thing, things};

diesel::table! {
    numbers (id) {
        id -> Integer,
        text -> Text,
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn start(lines: &[&str]) -> (MariaDb, MysqlConnection) {
    let server = lines.iter().fold(MariaDb::builder(), |builder, line| builder.setting(*line));
    let server = server.start().unwrap();
    server.execute("CREATE DATABASE work CHARACTER SET utf8mb4; CREATE DATABASE other CHARACTER SET utf8mb4");
    let connection = connect(&server);
    (server, connection)
}

fn connect(server: &MariaDb) -> MysqlConnection {
    let mut connection = MysqlConnection::open(&settings(&server.url("work"))).expect("a connection");
    connection
        .batch_execute("CREATE TABLE IF NOT EXISTS numbers (id INTEGER AUTO_INCREMENT PRIMARY KEY, text LONGTEXT NOT NULL)")
        .expect("a table");
    connection
}

fn add(connection: &mut MysqlConnection, text: &str) -> QueryResult<usize> {
    diesel::insert_into(numbers::table).values(numbers::text.eq(text)).execute(connection)
}

fn count(connection: &mut MysqlConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(connection).expect("a number").number
}

/// The statements of all connections that the server knows.
fn prepared(connection: &mut MysqlConnection) -> i64 {
    count(
        connection,
        "SELECT CAST(variable_value AS SIGNED) AS number FROM information_schema.global_status
         WHERE variable_name = 'Prepared_stmt_count'",
    )
}

#[case(needs(Need::MariaDb))]
fn their_number_is_limited() {
    let (_server, mut connection) = start(&[]);
    for number in 0..10_000 {
        let sql = format!("SELECT CAST({number} AS SIGNED) AS number");
        assert_eq!(count(&mut connection, &sql), number);
    }
    let kept = prepared(&mut connection);
    assert!((2..=130).contains(&kept), "{kept}");
    connection.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
    for text in ["a", "b"] {
        add(&mut connection, text).expect("a row");
    }
    let kept = prepared(&mut connection);
    assert!(kept <= 2, "{kept}");
}

/// Both connections keep what they can, and each of them gives up its own rather than fail.
#[case(needs(Need::MariaDb))]
fn the_servers_limit_is_no_error() {
    let (server, mut first) = start(&["max_prepared_stmt_count = 60"]);
    let mut second = connect(&server);
    for number in 0..100 {
        let sql = format!("SELECT CAST({number} AS SIGNED) AS number");
        assert_eq!(count(&mut first, &sql), number);
        if number % 10 == 0 {
            assert_eq!(count(&mut second, &sql), number);
        }
    }
}

#[case(needs(Need::MariaDb))]
fn a_changed_table_is_noticed() {
    let (_server, mut connection) = start(&[]);
    let all = "SELECT * FROM numbers ORDER BY id DESC LIMIT 1";
    add(&mut connection, "first").expect("a row");
    assert_eq!(diesel::sql_query(all).get_result::<Row>(&mut connection).expect("a row").text, "first");
    for change in [
        "ALTER TABLE numbers ADD COLUMN a INTEGER NOT NULL DEFAULT 7 FIRST",
        "ALTER TABLE numbers MODIFY text VARCHAR(50) NOT NULL",
        "DROP TABLE numbers; CREATE TABLE numbers (text TEXT NOT NULL, id BIGINT AUTO_INCREMENT PRIMARY KEY)",
        "RENAME TABLE numbers TO gone; CREATE TABLE numbers LIKE gone",
    ] {
        connection.batch_execute(change).expect("a change");
        add(&mut connection, "next").expect("a row");
        assert_eq!(diesel::sql_query(all).get_result::<Row>(&mut connection).expect("a row").text, "next");
        let ids = numbers::table.select(numbers::text).load::<String>(&mut connection);
        assert_eq!(ids.expect("texts").pop().as_deref(), Some("next"), "{change}");
    }
}

/// A prepared statement does not follow `USE`.
#[case(needs(Need::MariaDb))]
fn another_database_is_noticed() {
    let (_server, mut connection) = start(&[]);
    connection.batch_execute("CREATE TABLE other.numbers LIKE work.numbers").expect("a table");
    add(&mut connection, "work").expect("a row");
    assert_eq!(numbers::table.count().get_result(&mut connection), Ok(1));
    for (database, rows) in [("other", 1), ("work", 2), ("other", 2)] {
        connection.batch_execute(&format!("USE {database}")).expect("a database");
        add(&mut connection, database).expect("a row");
        assert_eq!(numbers::table.count().get_result(&mut connection), Ok(rows), "{database}");
    }
    assert_eq!(count(&mut connection, "SELECT count(*) AS number FROM work.numbers"), 2);
}

#[case(needs(Need::MariaDb))]
fn a_returning_clause_returns_rows() {
    let (_server, mut connection) = start(&[]);
    for text in ["a", "b"] {
        let sql = "INSERT INTO numbers (text) VALUES (?), (?) RETURNING CONCAT(text, '!') AS text";
        let query = diesel::sql_query(sql).bind::<Text, _>(text).bind::<Text, _>(text);
        let rows = query.load::<Row>(&mut connection).expect("rows");
        assert_eq!(
            rows.into_iter().map(|row| row.text).collect::<Vec<_>>(),
            [format!("{text}!"), format!("{text}!")]
        );
    }
    let again = diesel::update(numbers::table).set(numbers::text.eq("c")).execute(&mut connection);
    assert_eq!(again, Ok(4));
    let same = diesel::update(numbers::table).set(numbers::text.eq("c")).execute(&mut connection);
    assert_eq!(same, Ok(4), "the rows that matched count, changed or not");
    assert_eq!(diesel::delete(numbers::table).execute(&mut connection), Ok(4));
}

#[case(needs(Need::MariaDb))]
fn rows_may_be_left_unread() {
    let (_server, mut connection) = start(&[]);
    for _ in 0..3 {
        let mut rows = diesel::sql_query("SELECT CONCAT('row ', seq) AS text FROM seq_1_to_100000")
            .load_iter::<Row, _>(&mut connection)
            .expect("rows");
        assert_eq!(rows.next().expect("a row").expect("a row").text, "row 1");
        drop(rows);
        assert_eq!(count(&mut connection, "SELECT 5 AS number"), 5);
    }
    // A later error belongs to the statement, too.
    let failing =
        diesel::sql_query("SELECT IF(seq < 9, 'text', (SELECT 1 UNION SELECT 2)) AS text FROM seq_1_to_9");
    let error = failing.load::<Row>(&mut connection).map(|rows| rows.len()).expect_err("two rows in one");
    assert_eq!(ServerError::of(&error).expect("the server's").number(), Some(1242));
    assert_eq!(count(&mut connection, "SELECT 6 AS number"), 6);
}

#[case(needs(Need::MariaDb))]
fn values_of_every_type_arrive() {
    let (_server, mut connection) = start(&[]);
    type Values = (i8, u8, i16, u16, i32, u32, i64, u64);
    for (low, high) in [(i64::MIN, 0), (-1, 1), (i64::MAX, u64::MAX)] {
        let expected: Values =
            (low as i8, high as u8, low as i16, high as u16, low as i32, high as u32, low, high);
        let values = (
            expected.0.into_sql::<TinyInt>(),
            expected.1.into_sql::<Unsigned<TinyInt>>(),
            expected.2.into_sql::<diesel::sql_types::SmallInt>(),
            expected.3.into_sql::<Unsigned<diesel::sql_types::SmallInt>>(),
            expected.4.into_sql::<Integer>(),
            expected.5.into_sql::<Unsigned<Integer>>(),
            expected.6.into_sql::<BigInt>(),
            expected.7.into_sql::<Unsigned<BigInt>>(),
        );
        assert_eq!(diesel::select(values).get_result::<Values>(&mut connection), Ok(expected));
    }
    for yes in [true, false] {
        let values =
            (yes.into_sql::<Bool>(), 0.1.into_sql::<Double>(), None::<i32>.into_sql::<Nullable<Integer>>());
        assert_eq!(diesel::select(values).get_result(&mut connection), Ok((yes, 0.1, None::<i32>)));
    }
    for length in [0, 250, 251, 65_535, 65_536, 1 << 20] {
        let (text, bytes) = ("é".repeat(length), vec![0xff_u8; length]);
        let values = (text.clone().into_sql::<Text>(), bytes.clone().into_sql::<Binary>());
        assert_eq!(diesel::select(values).get_result(&mut connection), Ok((text, bytes)), "{length}");
    }
    let time = chrono::NaiveTime::from_hms_micro_opt(23, 59, 58, 654_321).expect("a time");
    assert_eq!(diesel::select(time.into_sql::<Time>()).get_result(&mut connection), Ok(time));
    // Neither is a time of a day, and none of them loses its days or its sign.
    for odd in ["26:00:00", "-01:00:00", "838:59:59"] {
        let query = diesel::select(diesel::dsl::sql::<Time>(&format!("CAST('{odd}' AS TIME)")));
        query.get_result::<chrono::NaiveTime>(&mut connection).expect_err(odd);
    }
    let point = diesel::dsl::sql::<Binary>("POINT(1, 2)");
    let error =
        diesel::select(point).get_result::<Vec<u8>>(&mut connection).expect_err("no type of Diesel's");
    assert!(error.to_string().contains("column 1 of the result has a type"), "{error}");
}

#[case(needs(Need::MariaDb))]
fn wide_rows_arrive() {
    let (_server, mut connection) = start(&[]);
    let columns: Vec<_> =
        (0..1_000).map(|i| if i % 3 == 0 { "NULL".to_owned() } else { format!("'{i}'") }).collect();
    let sql = format!("SELECT {}, 'last' AS text FROM seq_1_to_50", columns.join(", "));
    let rows = diesel::sql_query(sql).load::<Row>(&mut connection).expect("rows");
    assert!(rows.len() == 50 && rows.iter().all(|row| row.text == "last"));
}

#[case(needs(Need::MariaDb))]
fn long_values_are_sent_in_pieces() {
    let (_server, mut connection) = start(&["max_allowed_packet = 1M"]);
    let long = "x".repeat(700_000);
    let two = diesel::sql_query("SELECT CONCAT(LENGTH(?), ' ', LENGTH(?)) AS text")
        .bind::<Text, _>(&long)
        .bind::<Text, _>(&long);
    assert_eq!(two.get_result::<Row>(&mut connection).expect("a row").text, "700000 700000");
    let sql = format!("SELECT '{}' AS text", "x".repeat(2 << 20));
    for _ in 0..2 {
        let error = connection.batch_execute(&sql).expect_err("too long");
        assert!(error.to_string().contains("max_allowed_packet"), "{error}");
        assert_eq!(count(&mut connection, "SELECT 7 AS number"), 7, "the connection goes on");
    }
}

const SOON: Duration = Duration::from_secs(30);

/// The sessions of others in the database.
fn sessions(admin: &mut MysqlConnection) -> Vec<Number> {
    let query =
        "SELECT id AS number FROM information_schema.processlist WHERE db = 'work' AND id <> CONNECTION_ID()";
    diesel::sql_query(query).load(admin).expect("sessions")
}

#[case(needs(Need::MariaDb))]
fn a_pool_replaces_what_the_server_ended() {
    let (server, mut admin) = start(&[]);
    create(&mut open(&server.url("work")));
    let pool = Pool::new(settings(&server.url("work")), 1);
    for id in 1..=3 {
        insert(&mut pool.get().expect("a connection"), &thing(id)).expect("a row");
        // The server ends a session a moment after its client, and after KILL.
        wait_until(SOON, "the pool's session is the only one", || sessions(&mut admin).len() == 1);
        let session = sessions(&mut admin).remove(0);
        admin.batch_execute(&format!("KILL {}", session.number)).expect("an end");
        wait_until(SOON, "the session has ended", || sessions(&mut admin).is_empty());
        let found = things::table.count().get_result(&mut pool.get().expect("another connection"));
        assert_eq!(found, Ok(i64::from(id)));
    }
}

#[case(needs(Need::MariaDb))]
fn an_error_has_its_number_at_once() {
    let (_server, mut connection) = start(&[]);
    let error = diesel::sql_query("SELECT bogus").execute(&mut connection).expect_err("no column");
    assert_eq!(ServerError::of(&error).expect("the server's").number(), Some(1054));
    let queries = "SELECT CAST(variable_value AS SIGNED) AS number FROM information_schema.session_status
        WHERE variable_name = 'Com_show_errors'";
    assert_eq!(count(&mut connection, queries), 0);
    let error = connection.transaction::<(), QueryError, _>(|connection| {
        add(connection, "lost")?;
        diesel::sql_query("SELECT nothing").execute(connection).map(drop)
    });
    assert!(error.is_err());
    assert_eq!(numbers::table.count().get_result(&mut connection), Ok(0));
}
