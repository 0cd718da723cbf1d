//! Statements that a connection to SQLite keeps prepared: they are prepared once, and what changes beside
//! them never gives a wrong result.

use std::sync::{Arc, Mutex};

use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Integer, Text};
use manage::database::{Connection, ServerError, SqliteConnection};
use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::case;

diesel::table! {
    parent (id) {
        id -> Integer,
    }
}

diesel::table! {
    child (id) {
        id -> Integer,
        parent -> Nullable<Integer>,
        name -> Text,
    }
}

#[derive(Insertable)]
#[diesel(table_name = child)]
struct NewChild<'a> {
    id: i32,
    parent: Option<i32>,
    name: &'a str,
}

const TABLES: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY); \
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER DEFAULT 7 REFERENCES parent, name TEXT NOT NULL); \
    INSERT INTO parent VALUES (1), (7)";

fn settings() -> DatabaseSettings {
    DatabaseSettings::sqlite("default", ":memory:", Origin::Code)
}

fn any() -> Connection {
    let mut connection = Connection::open(&settings()).expect("a connection");
    connection.batch_execute(TABLES).expect("SQL");
    connection
}

fn typed() -> SqliteConnection {
    let mut connection =
        <SqliteConnection as manage::database::Connect>::open(&settings()).expect("a connection");
    connection.batch_execute(TABLES).expect("SQL");
    connection
}

/// Returns the texts that a connection keeps from now on, in their order.
fn kept(connection: &mut impl diesel::Connection) -> Arc<Mutex<Vec<String>>> {
    let texts = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&texts);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::CacheQuery { sql, .. } = event {
            writer.lock().expect("no panic").push(sql.to_owned());
        }
    });
    texts
}

/// Runs a test on both types.
macro_rules! on_both {
    ($work:ident) => {{
        $work!(any());
        $work!(typed());
    }};
}

#[case]
fn writes_are_prepared_once() {
    macro_rules! work {
        ($connection:expr) => {{
            let connection = &mut $connection;
            let kept = kept(connection);
            for turn in 0..5 {
                let new = NewChild { id: turn, parent: Some(1), name: "a" };
                diesel::insert_into(child::table).values(&new).execute(connection).expect("a row");
                let one = child::table.find(turn);
                diesel::update(one).set(child::name.eq("b")).execute(connection).expect("a row");
                let returned =
                    diesel::sql_query("UPDATE child SET name = 'c' WHERE id = ? RETURNING id, name")
                        .bind::<Integer, _>(turn)
                        .get_result::<Named>(connection);
                assert_eq!(returned, Ok(Named { id: turn, name: "c".to_owned() }));
                let rows = child::table.filter(child::id.eq_any([turn, 100]));
                assert_eq!(rows.select(child::name).load::<String>(connection), Ok(vec!["c".to_owned()]));
            }
            let mut texts = kept.lock().expect("no panic").clone();
            let all = texts.len();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!((texts.len(), all), (4, 4), "{texts:#?}");
        }};
    }
    on_both!(work);
}

#[case]
fn a_missing_value_is_another_text() {
    macro_rules! work {
        ($connection:expr) => {{
            let connection = &mut $connection;
            for turn in 0..8 {
                let parent = (turn % 2 == 0).then_some(1);
                let new = NewChild { id: turn, parent, name: "a" };
                diesel::insert_into(child::table).values(&new).execute(connection).expect("a row");
                let count: i64 = child::table
                    .filter(child::id.eq_any((0..=turn).collect::<Vec<_>>()))
                    .count()
                    .get_result(connection)
                    .expect("a number");
                assert_eq!(count, i64::from(turn) + 1);
            }
            let parents = child::table.order(child::id).select(child::parent);
            let parents = parents.load::<Option<i32>>(connection).expect("rows");
            let without = parents[1];
            assert_eq!(parents, [Some(1), without].repeat(4));
            assert_ne!(without, Some(1));
        }};
    }
    on_both!(work);
}

#[case]
fn a_pragma_takes_effect_each_time() {
    macro_rules! work {
        ($connection:expr) => {{
            let connection = &mut $connection;
            for turn in 0..6 {
                let on = turn % 2;
                diesel::sql_query(format!("PRAGMA foreign_keys = {on}"))
                    .execute(connection)
                    .expect("a pragma");
                // The statement is the same; whether it checks the key is part of how it was prepared.
                let new = NewChild { id: turn, parent: Some(99), name: "a" };
                let inserted = diesel::insert_into(child::table).values(&new).execute(connection);
                match inserted {
                    Ok(1) => assert_eq!(on, 0),
                    Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => assert_eq!(on, 1),
                    other => panic!("{other:?}"),
                }
            }
        }};
    }
    on_both!(work);
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Named {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Text)]
    name: String,
}

#[case]
fn a_changed_table_is_noticed() {
    macro_rules! work {
        ($connection:expr) => {{
            let connection = &mut $connection;
            let all = "SELECT * FROM child ORDER BY id";
            let rows = |number: i32| (0..number).map(|id| Named { id, name: format!("name {id}") }).collect();
            let changes = [
                "",
                "",
                "ALTER TABLE child ADD COLUMN note TEXT",
                "ALTER TABLE child DROP COLUMN note",
                "CREATE TABLE other (name TEXT NOT NULL, size REAL, id INTEGER PRIMARY KEY, parent INTEGER); \
                 INSERT INTO other SELECT name, 1.5, id, parent FROM child; \
                 DROP TABLE child; ALTER TABLE other RENAME TO child",
                "VACUUM",
                "CREATE TEMP TABLE child AS SELECT id, name, parent FROM main.child",
                "DROP TABLE temp.child; DELETE FROM child WHERE id = 6",
            ];
            for (id, change) in (0..).zip(changes) {
                connection.batch_execute(change).expect(change);
                let name = format!("name {id}");
                let new = NewChild { id, parent: Some(1), name: "" };
                diesel::insert_into(child::table).values(&new).execute(connection).expect(change);
                let update = diesel::update(child::table.find(id)).set(child::name.eq(&name));
                assert_eq!(update.execute(connection), Ok(1), "{change}");
                if id < 7 {
                    let loaded = diesel::sql_query(all).load::<Named>(connection).expect(change);
                    let expected: Vec<_> = rows(id + 1);
                    assert_eq!(loaded, expected, "{change}");
                }
            }
            connection.batch_execute("ALTER TABLE child RENAME COLUMN name TO title").expect("SQL");
            let gone = diesel::update(child::table.find(1)).set(child::name.eq("x")).execute(connection);
            assert!(gone.is_err());
            connection.batch_execute("ALTER TABLE child RENAME COLUMN title TO name").expect("SQL");
            let back = diesel::update(child::table.find(1)).set(child::name.eq("x")).execute(connection);
            assert_eq!(back, Ok(1));
        }};
    }
    on_both!(work);
}

#[case]
fn a_kept_statement_fails_with_its_code_and_works_again() {
    macro_rules! work {
        ($connection:expr) => {{
            let connection = &mut $connection;
            let mut insert = |id: i32| {
                let new = NewChild { id, parent: None, name: "a" };
                diesel::insert_into(child::table).values(&new).execute(connection)
            };
            for id in 0..4 {
                assert_eq!(insert(id), Ok(1));
                let error = insert(id).expect_err("the key exists");
                let details = ServerError::of(&error).expect("details");
                assert_eq!(details.code().as_deref(), Some("SQLITE_CONSTRAINT"));
            }
        }};
    }
    on_both!(work);
}

#[derive(QueryableByName)]
struct Timeout {
    #[diesel(sql_type = Integer)]
    timeout: i32,
}

/// Whichever way a program sets it.
#[case]
fn a_transaction_restores_the_busy_timeout() {
    type Set = fn(&mut SqliteConnection, &str);
    let ways: [Set; 4] = [
        |connection, sql| connection.batch_execute(sql).expect("a pragma"),
        |connection, sql| diesel::sql_query(sql).execute(connection).map(drop).expect("a pragma"),
        |connection, sql| drop(diesel::sql_query(sql).load::<Timeout>(connection).expect("a pragma")),
        |connection, sql| connection.inner_mut().batch_execute(sql).expect("a pragma"),
    ];
    let mut connection = typed();
    for (milliseconds, set) in (1_000..).step_by(500).zip(ways.iter().cycle().take(8)) {
        set(&mut connection, &format!("PRAGMA Busy_Timeout = {milliseconds}"));
        for _ in 0..2 {
            let work = |connection: &mut SqliteConnection| {
                diesel::sql_query("PRAGMA busy_timeout").get_result::<Timeout>(connection)
            };
            let inside = diesel::Connection::transaction(&mut connection, work).expect("a transaction");
            assert_eq!(inside.timeout, milliseconds);
        }
    }
}
