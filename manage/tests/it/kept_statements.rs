//! The prepared statements that a PostgreSQL connection keeps on the server: which, and that nothing fails
//! because of them.

use std::sync::{Arc, Mutex};

use diesel::connection::{
    CacheSize, Connection as _, InstrumentationEvent, LoadConnection, SimpleConnection as _,
};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::serialize::{IsNull, Output};
use diesel::sql_types::{BigInt, Integer, Text};
use manage::database::{Connection, PostgresConnection, ServerError};
use manage_test_support::{TestDatabase, case};

use crate::backends::{behind_pgbouncer, on_postgres, settings};
use crate::pooling::pooler;

diesel::table! {
    notes (id) {
        id -> Integer,
        label -> Text,
    }
}

#[derive(Debug, PartialEq, QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn open(url: &str) -> PostgresConnection {
    PostgresConnection::open(&settings(url)).unwrap_or_else(|error| panic!("{error}"))
}

fn with_notes() -> (TestDatabase, PostgresConnection) {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    connection
        .batch_execute(
            "CREATE TABLE notes (id integer PRIMARY KEY, label text NOT NULL);
             CREATE FUNCTION deallocate() RETURNS bigint LANGUAGE plpgsql AS
                $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN 0; END $$",
        )
        .expect("a table");
    (database, connection)
}

/// In SQL, which Diesel would prepare again each time.
fn insert(connection: &mut PostgresConnection, id: i32) -> QueryResult<usize> {
    let query = diesel::sql_query("INSERT INTO notes (id, label) VALUES ($1, $2)");
    query.bind::<Integer, _>(id).bind::<Text, _>("a note").execute(connection)
}

/// The number of kept statements whose text begins with this.
fn kept(connection: &mut PostgresConnection, begin: &str) -> i64 {
    let query = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1 || chr(37)";
    let count: Count =
        diesel::sql_query(query).bind::<Text, _>(begin).get_result(connection).expect("a number");
    count.count
}

fn count(connection: &mut PostgresConnection) -> i64 {
    notes::table.count().get_result(connection).expect("a number")
}

/// Removes the session's statements in a way that no client can see.
fn deallocate(connection: &mut PostgresConnection) {
    let lost: Count = diesel::sql_query("SELECT deallocate() AS count").get_result(connection).expect("done");
    assert_eq!(lost.count, 0);
}

#[case(on_postgres)]
fn an_insert_is_kept_from_the_second_on() {
    let (_database, mut connection) = with_notes();
    for (id, expected) in [(1, 0), (2, 1), (3, 1)] {
        assert_eq!(insert(&mut connection, id), Ok(1));
        assert_eq!(kept(&mut connection, "INSERT"), expected, "after {id}");
    }
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    assert_eq!(insert(&mut connection, 4), Ok(1));
    assert_eq!(insert(&mut connection, 5), Ok(1));
    assert_eq!(kept(&mut connection, ""), 0);
    assert_eq!(count(&mut connection), 5);
}

#[case(on_postgres)]
fn in_a_transaction_it_is_kept_for_that_transaction() {
    let (_database, mut connection) = with_notes();
    for first in [1, 11, 21] {
        let done: QueryResult<()> = connection.transaction(|connection| {
            deallocate(connection);
            for id in first..first + 4 {
                insert(connection, id)?;
            }
            assert_eq!(kept(connection, "INSERT"), 1);
            Ok(())
        });
        assert_eq!(done, Ok(()));
    }
    assert_eq!(count(&mut connection), 12);
}

#[case(on_postgres)]
fn lost_statements_are_prepared_again() {
    let (_database, mut connection) = with_notes();
    for (round, first) in [(0, 10), (1, 20), (2, 30)] {
        for id in first..first + 3 {
            assert_eq!(insert(&mut connection, id), Ok(1));
        }
        assert_eq!(count(&mut connection), (round + 1) * 3, "each was executed once");
        match round {
            0 => deallocate(&mut connection),
            1 => connection.batch_execute("discard all").expect("done"),
            _ => drop(diesel::sql_query("DEALLOCATE ALL").execute(&mut connection).expect("done")),
        }
    }
    let labels: Vec<String> = notes::table.select(notes::label).load(&mut connection).expect("rows");
    assert_eq!(labels.len(), 9);
}

#[case(on_postgres)]
fn a_changed_table_changes_the_rows() {
    let (database, mut connection) = with_notes();
    insert(&mut connection, 1).expect("a row");
    let mut other = open(database.url());
    let width = |connection: &mut PostgresConnection| -> QueryResult<usize> {
        use diesel::row::Row as _;
        let query = diesel::sql_query("SELECT * FROM notes");
        let mut rows = LoadConnection::load(connection, query)?;
        let row = rows.next().expect("a row")?;
        Ok(row.field_count())
    };
    for _ in 0..3 {
        assert_eq!(width(&mut connection), Ok(2));
    }
    other.batch_execute("ALTER TABLE notes ADD more integer").expect("done");
    assert_eq!(width(&mut connection), Ok(3));
    assert_eq!(width(&mut connection), Ok(3));
    // What the transaction itself changes.
    let widths: QueryResult<Vec<usize>> = connection.transaction(|connection| {
        let before = [width(connection)?, width(connection)?, width(connection)?];
        connection.batch_execute("ALTER TABLE notes DROP more, ADD one text, ADD two text")?;
        Ok([&before[..], &[width(connection)?]].concat())
    });
    assert_eq!(widths, Ok(vec![3, 3, 3, 4]));
    // A new type of a column, also for statements that Diesel keeps.
    let labels =
        |connection: &mut PostgresConnection| notes::table.select(notes::label).load::<String>(connection);
    assert_eq!(labels(&mut connection), Ok(vec!["a note".to_owned()]));
    other.batch_execute("ALTER TABLE notes ALTER label TYPE varchar(20)").expect("done");
    assert_eq!(labels(&mut connection), Ok(vec!["a note".to_owned()]));
    // And a new table of the same name.
    insert(&mut connection, 2).and_then(|_| insert(&mut connection, 3)).expect("rows");
    other.batch_execute("DROP TABLE notes").expect("done");
    assert!(insert(&mut connection, 4).is_err());
    other.batch_execute("CREATE TABLE notes (id bigint, label text, id2 integer)").expect("a table");
    let error = insert(&mut connection, 4);
    assert_eq!(error, Ok(1), "an integer is assigned to a bigint");
}

#[case(on_postgres)]
fn a_table_that_hides_another_one_is_used() {
    let (_database, mut connection) = with_notes();
    connection.batch_execute("CREATE TEMP TABLE other (id integer)").expect("a table");
    for id in 1..4 {
        insert(&mut connection, id).expect("a row");
    }
    connection.batch_execute("CREATE TEMP TABLE notes (LIKE notes)").expect("a table");
    insert(&mut connection, 1).expect("a row of the new table");
    let hidden: Count =
        diesel::sql_query("SELECT count(*) FROM public.notes").get_result(&mut connection).expect("a number");
    assert_eq!(hidden.count, 3);
}

#[case(on_postgres)]
fn literals_are_read_again_each_time() {
    let (_database, mut connection) = with_notes();
    let moment = |connection: &mut PostgresConnection| -> Count {
        let query = "SELECT (extract(epoch FROM timestamptz 'now') * 1000000)::bigint AS count";
        diesel::sql_query(query).get_result(connection).expect("a moment")
    };
    let moments: Vec<i64> = (0..4).map(|_| moment(&mut connection).count).collect();
    assert!(moments.is_sorted_by(|before, after| before < after), "{moments:?}");
}

#[case(on_postgres)]
fn their_number_is_bounded() {
    let (_database, mut connection) = with_notes();
    for number in 0..300 {
        for _ in 0..3 {
            let query = format!("SELECT count(*) + {number} AS count FROM notes");
            let found: Count = diesel::sql_query(query).get_result(&mut connection).expect("a number");
            assert_eq!(found.count, number);
        }
    }
    assert_eq!(kept(&mut connection, ""), 256);
    let long = format!("SELECT count(*) AS count FROM notes -- {}", "x".repeat(20_000));
    for _ in 0..3 {
        diesel::sql_query(&long).get_result::<Count>(&mut connection).expect("a number");
    }
    assert_eq!(kept(&mut connection, "SELECT count(*) AS count FROM notes --"), 0);
}

/// A prepared statement of the server session.
#[derive(Debug, PartialEq, QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    uses: i64,
}

/// Reads a row, then again in three transactions. Returns the statement before and after these: a statement that
/// was prepared again would be another one.
fn read_in_transactions(connection: &mut PostgresConnection) -> [Vec<Prepared>; 2] {
    let read = |connection: &mut PostgresConnection| {
        notes::table.find(1).select(notes::label).first::<String>(connection)
    };
    let statements = |connection: &mut PostgresConnection| {
        let query = "SELECT name || ' of ' || prepare_time AS name, generic_plans + custom_plans AS uses \
            FROM pg_prepared_statements WHERE statement LIKE 'SELECT \"notes\"%' ORDER BY prepare_time";
        diesel::sql_query(query).load(connection).expect("statements")
    };
    assert_eq!(read(connection), Ok("a note".to_owned()));
    let before = statements(connection);
    for _ in 0..3 {
        assert_eq!(connection.transaction(read), Ok("a note".to_owned()));
    }
    [before, statements(connection)]
}

#[case(on_postgres)]
fn a_direct_connection_uses_statements_of_earlier_transactions() {
    let (_database, mut connection) = with_notes();
    insert(&mut connection, 1).expect("a row");
    let [before, after] = read_in_transactions(&mut connection);
    let [Prepared { name, uses: 1 }] = &before[..] else { panic!("{before:?}") };
    assert_eq!(after, [Prepared { name: name.clone(), uses: 4 }]);
}

/// It has one server session, but a client cannot know that.
#[case(behind_pgbouncer)]
fn a_pooled_connection_uses_none_of_earlier_transactions() {
    let (database, _pooler, url) = pooler(&["default_pool_size = 1"]);
    open(database.url())
        .batch_execute("CREATE TABLE notes (id integer PRIMARY KEY, label text NOT NULL)")
        .expect("a table");
    let mut connection = open(&url);
    insert(&mut connection, 1).expect("a row");
    let [before, after] = read_in_transactions(&mut connection);
    let [Prepared { name, uses: 1 }] = &before[..] else { panic!("{before:?}") };
    let same = after.iter().find(|statement| statement.name == *name);
    assert!(same.is_none_or(|statement| statement.uses == 1), "{after:?}");
}

/// Each of these could have another server session than the one before.
#[case(behind_pgbouncer)]
fn a_pooler_without_prepared_statements_breaks_nothing() {
    let (database, _pooler, url) = pooler(&[]);
    let mut direct = open(database.url());
    direct
        .batch_execute("CREATE TABLE notes (id integer PRIMARY KEY, label text NOT NULL)")
        .expect("a table");
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let url = url.clone();
            std::thread::spawn(move || {
                let mut connection = open(&url);
                for round in 0..30 {
                    let id = number * 1_000 + round * 10;
                    assert_eq!(insert(&mut connection, id), Ok(1));
                    let label: QueryResult<String> =
                        notes::table.find(id).select(notes::label).first(&mut connection);
                    assert_eq!(label, Ok("a note".to_owned()));
                    let done: QueryResult<()> = connection.transaction(|connection| {
                        for id in id + 1..id + 4 {
                            insert(connection, id)?;
                        }
                        let changed = diesel::update(notes::table.find(id)).set(notes::label.eq("changed"));
                        let label = changed.returning(notes::label).get_result::<String>(connection)?;
                        assert_eq!(label, "changed");
                        Ok(())
                    });
                    assert_eq!(done, Ok(()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no failure");
    }
    assert_eq!(count(&mut direct), 8 * 30 * 4);
}

#[derive(Clone, Copy, Debug, diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "mood"))]
pub struct MoodType;

#[derive(Clone, Debug, PartialEq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
#[diesel(sql_type = MoodType)]
struct Mood(String);

impl diesel::serialize::ToSql<MoodType, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        use std::io::Write as _;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl diesel::deserialize::FromSql<MoodType, Pg> for Mood {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(String::from_utf8(value.as_bytes().to_vec())?))
    }
}

diesel::table! {
    use diesel::sql_types::{Array, Integer};
    use super::MoodType;
    moods (id) {
        id -> Integer,
        mood -> MoodType,
        earlier -> Array<MoodType>,
    }
}

/// Many rows of a type that the driver does not know must not wait for its description.
#[case(on_postgres)]
fn types_of_the_database_are_found_by_name() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    connection
        .batch_execute(
            "CREATE TYPE mood AS ENUM ('sad', 'happy');
             CREATE TABLE moods (id integer, mood mood NOT NULL, earlier mood[] NOT NULL)",
        )
        .expect("a type");
    let (sad, happy) = (Mood("sad".to_owned()), Mood("happy".to_owned()));
    let row = (moods::id.eq(1), moods::mood.eq(&happy), moods::earlier.eq(vec![&sad, &happy]));
    assert_eq!(diesel::insert_into(moods::table).values(row).execute(&mut connection), Ok(1));
    let copies = "INSERT INTO moods SELECT n, mood, earlier FROM moods, generate_series(2, 20000) n";
    assert_eq!(diesel::sql_query(copies).execute(&mut connection), Ok(19_999));
    let mut fresh = open(database.url());
    let found: Vec<(i32, Mood, Vec<Mood>)> = diesel::delete(moods::table.filter(moods::mood.eq(&happy)))
        .returning(moods::all_columns)
        .get_results(&mut fresh)
        .expect("rows");
    assert_eq!(found.len(), 20_000);
    assert_eq!((&found[7].1, &found[7].2), (&happy, &vec![sad, happy.clone()]));
    connection.batch_execute("DROP TABLE moods; DROP TYPE mood").expect("gone");
    let unknown =
        moods::table.filter(moods::mood.eq(&happy)).count().get_result::<i64>(&mut open(database.url()));
    assert!(unknown.is_err());
}

#[case(on_postgres)]
fn errors_name_their_statement() {
    let (_database, mut connection) = with_notes();
    for id in 1..4 {
        insert(&mut connection, id).expect("a row");
    }
    let error = insert(&mut connection, 2).expect_err("it exists");
    assert!(matches!(error, QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)));
    let details = ServerError::of(&error).expect("the server's");
    assert_eq!(details.sqlstate(), Some("23505"));
    let QueryError::DatabaseError(_, information) = &error else { panic!("{error:?}") };
    assert_eq!(information.constraint_name(), Some("notes_pkey"));
    assert_eq!(information.table_name(), Some("notes"));
    let wrong =
        diesel::sql_query("SELECT nothing FROM notes").execute(&mut connection).expect_err("no column");
    let details = ServerError::of(&wrong).expect("the server's");
    assert_eq!((details.statement(), details.position()), (Some("SELECT nothing FROM notes"), Some(8)));
    let zero = diesel::sql_query("SELECT '\0'").execute(&mut connection);
    assert!(matches!(zero, Err(QueryError::InvalidCString(_))), "{zero:?}");
    // Some rows, then an error.
    let late = "SELECT 10 / (5000 - n) AS count FROM generate_series(1, 9000) n";
    let rows = diesel::sql_query(late.replace("10", "10::bigint")).load::<Count>(&mut connection);
    assert_eq!(
        ServerError::of(&rows.expect_err("a division by zero")).expect("one").sqlstate(),
        Some("22012")
    );
    assert_eq!(count(&mut connection), 3);
}

#[case(on_postgres)]
fn a_copy_without_data_is_an_error() {
    let (_database, mut connection) = with_notes();
    for _ in 0..2 {
        assert!(connection.batch_execute("COPY notes FROM STDIN").is_err());
        assert!(diesel::sql_query("COPY notes FROM STDIN").execute(&mut connection).is_err());
        assert!(connection.batch_execute("COPY notes TO STDOUT").is_ok());
        assert_eq!(insert(&mut connection, 1), Ok(1));
        assert_eq!(diesel::delete(notes::table).execute(&mut connection), Ok(1));
    }
}

#[case(on_postgres)]
fn rows_that_nobody_reads_are_passed_over() {
    let (_database, mut connection) = with_notes();
    let many = notes::table.select(diesel::dsl::sql::<Integer>("generate_series(1, 50000)"));
    insert(&mut connection, 1).expect("a row");
    let mut first = many.clone().load_iter::<i32, _>(&mut connection).expect("rows");
    assert_eq!(first.next(), Some(Ok(1)));
    drop(first);
    assert_eq!(count(&mut connection), 1);
    assert_eq!(many.execute(&mut connection), Ok(50_000));
}

#[case(on_postgres)]
fn each_statement_is_reported_once() {
    let (_database, mut connection) = with_notes();
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        let event = match event {
            InstrumentationEvent::StartQuery { .. } => "start",
            InstrumentationEvent::CacheQuery { .. } => "cache",
            InstrumentationEvent::FinishQuery { error: None, .. } => "finish",
            InstrumentationEvent::FinishQuery { .. } => "fail",
            InstrumentationEvent::BeginTransaction { .. } => "begin",
            InstrumentationEvent::CommitTransaction { .. } => "commit",
            _ => "other",
        };
        seen.lock().expect("no panic").push(event);
    });
    let taken = || std::mem::take(&mut *events.lock().expect("no panic"));
    insert(&mut connection, 1).expect("a row");
    assert_eq!(taken(), ["start", "finish"]);
    insert(&mut connection, 2).expect("a row");
    assert_eq!(taken(), ["start", "cache", "finish"]);
    assert!(insert(&mut connection, 2).is_err());
    assert_eq!(taken(), ["start", "fail"]);
    assert_eq!(notes::table.select(notes::id).load::<i32>(&mut connection), Ok(vec![1, 2]));
    assert_eq!(taken(), ["start", "cache", "finish"]);
    let done: QueryResult<()> = connection.transaction(|_| Ok(()));
    assert_eq!((done, taken()), (Ok(()), vec!["begin", "start", "finish", "commit", "start", "finish"]));
}

#[case(on_postgres)]
fn a_transaction_that_the_server_gave_up_is_rolled_back() {
    let (_database, mut connection) = with_notes();
    let nested: QueryResult<()> = connection.transaction(|connection| {
        insert(connection, 1)?;
        let inner: QueryResult<()> = connection.transaction(|connection| {
            insert(connection, 2)?;
            let _ = insert(connection, 1);
            Ok(())
        });
        assert!(inner.is_err());
        insert(connection, 3).map(drop)
    });
    assert_eq!(nested, Ok(()));
    assert_eq!(notes::table.select(notes::id).order(notes::id).load::<i32>(&mut connection), Ok(vec![1, 3]));
    let mut either = Connection::Postgres(connection);
    assert_eq!(either.transaction(notes_of), Ok(2));
}

fn notes_of(connection: &mut Connection) -> QueryResult<i64> {
    notes::table.count().get_result(connection)
}
