//! Inserting many rows by one call, on every backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Connection as _, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use manage::database::Connection;
use manage::settings::Backend;
use manage_test_support::{TestDatabase, case};

use crate::backends::{connect, on_each_backend};

diesel::table! {
    entries (id) {
        id -> Integer,
        label -> Text,
        amount -> BigInt,
        note -> Nullable<Text>,
    }
}

/// Three parameters a row, always.
#[derive(Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
struct Entry {
    id: i32,
    label: &'static str,
    note: Option<&'static str>,
}

/// `None` is the column's default value.
#[derive(Insertable, Default)]
#[diesel(table_name = entries)]
struct Sparse {
    id: Option<i32>,
    label: Option<String>,
    amount: Option<i64>,
    note: Option<&'static str>,
}

fn with_entries(database: &TestDatabase) -> Connection {
    let mut connection = connect(database);
    let id = match connection.backend() {
        Backend::Sqlite => "INTEGER PRIMARY KEY",
        Backend::Postgres => "SERIAL PRIMARY KEY",
        _ => "INTEGER PRIMARY KEY AUTO_INCREMENT",
    };
    let table = format!(
        "CREATE TABLE entries (id {id}, label VARCHAR(80) NOT NULL DEFAULT 'none',
         amount BIGINT NOT NULL DEFAULT 7, note VARCHAR(80))"
    );
    connection.batch_execute(&table).expect("a table");
    connection
}

fn entries(count: usize) -> Vec<Entry> {
    let entry = |id: i32| Entry { id, label: "an entry", note: (id % 2 == 0).then_some("even") };
    (1..=count as i32).map(entry).collect()
}

fn count(connection: &mut Connection) -> usize {
    entries::table.count().get_result::<i64>(connection).expect("a count") as usize
}

type Shown = (i32, String, i64, Option<String>);

fn shown(connection: &mut Connection) -> Vec<Shown> {
    entries::table.order(entries::id).load(connection).expect("rows")
}

fn row(id: i32, label: &str, amount: i64, note: Option<&str>) -> Shown {
    (id, label.to_owned(), amount, note.map(str::to_owned))
}

/// Counts the INSERT statements of a connection from now on.
fn inserts(connection: &mut Connection) -> Arc<AtomicUsize> {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && query.to_string().starts_with("INSERT")
        {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    seen
}

/// How many rows of three parameters fit into a statement.
fn most_rows(connection: &Connection) -> usize {
    if connection.backend() == Backend::Sqlite { 32_766 / 3 } else { 65_535 / 3 }
}

#[case(on_each_backend)]
fn as_few_statements_as_the_parameters_allow(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let most = most_rows(connection);
    let statements = inserts(connection);
    for (rows, expected) in
        [(0, 0), (1, 1), (2, 1), (500, 1), (most - 1, 1), (most, 1), (most + 1, 2), (2 * most + 1, 3)]
    {
        let inserted = diesel::insert_into(entries::table).values(&entries(rows)).execute(connection);
        assert_eq!(inserted, Ok(rows));
        assert_eq!(statements.swap(0, Ordering::Relaxed), expected, "{rows} rows");
        assert_eq!(count(connection), rows);
        let even = entries::table.filter(entries::note.eq("even")).count();
        assert_eq!(even.get_result::<i64>(connection), Ok(rows as i64 / 2));
        diesel::delete(entries::table).execute(connection).expect("they are deleted");
    }
}

#[case(on_each_backend)]
fn two_hundred_thousand_rows(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let inserted = diesel::insert_into(entries::table).values(entries(200_000)).execute(connection);
    assert_eq!(inserted, Ok(200_000));
    let ends = (diesel::dsl::count_star(), diesel::dsl::min(entries::id), diesel::dsl::max(entries::id));
    let ends: (i64, Option<i32>, Option<i32>) = entries::table.select(ends).first(connection).expect("a row");
    assert_eq!(ends, (200_000, Some(1), Some(200_000)));
}

#[case(on_each_backend)]
fn every_form_of_rows(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let statements = inserts(connection);
    let all = entries(12);
    let mut rest = all.into_iter();
    let mut next = || rest.next().expect("a row");
    let insert = || diesel::insert_into(entries::table);
    assert_eq!(insert().values(&[next(), next()][..]).execute(connection), Ok(2));
    assert_eq!(insert().values(&[next(), next()]).execute(connection), Ok(2));
    assert_eq!(insert().values([next(), next()]).execute(connection), Ok(2));
    assert_eq!(insert().values(vec![next(), next()]).execute(connection), Ok(2));
    assert_eq!(insert().values(&vec![next(), next()]).execute(connection), Ok(2));
    assert_eq!(insert().values(Box::new([next(), next()])).execute(connection), Ok(2));
    let tuples: Vec<_> =
        (13..15).map(|id| (entries::id.eq(id), entries::label.eq(format!("tuple {id}")))).collect();
    assert_eq!(insert().values(&tuples).execute(connection), Ok(2));
    let columns = [entries::label.eq("one column"), entries::label.eq("of two rows")];
    // PostgreSQL's sequence knows nothing of the ids above.
    diesel::delete(entries::table).execute(connection).expect("they are deleted");
    assert_eq!(insert().values(&columns).execute(connection), Ok(2));
    let expressions = [(
        entries::label.eq("computed"),
        entries::amount.eq(1_i64.into_sql::<diesel::sql_types::BigInt>() + 2),
    )];
    assert_eq!(insert().values(&expressions).execute(connection), Ok(1));
    assert_eq!(statements.load(Ordering::Relaxed), 9);
    let labels: Vec<(String, i64)> = entries::table
        .select((entries::label, entries::amount))
        .order(entries::id)
        .load(connection)
        .expect("rows");
    let label = |text: &str, amount| (text.to_owned(), amount);
    assert_eq!(labels, [label("one column", 7), label("of two rows", 7), label("computed", 3)]);
}

#[case(on_each_backend)]
fn default_values_differ_from_row_to_row(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let statements = inserts(connection);
    let sparse = |id| Sparse { id: Some(id), ..Sparse::default() };
    let rows = [
        sparse(1),
        Sparse { label: Some("set".to_owned()), ..sparse(2) },
        Sparse { label: Some("as above".to_owned()), ..sparse(3) },
        Sparse { amount: Some(0), note: Some("noted"), ..sparse(4) },
        sparse(5),
    ];
    assert_eq!(diesel::insert_into(entries::table).values(&rows).execute(connection), Ok(5));
    let expected = [
        row(1, "none", 7, None),
        row(2, "set", 7, None),
        row(3, "as above", 7, None),
        row(4, "none", 0, Some("noted")),
        row(5, "none", 7, None),
    ];
    assert_eq!(shown(connection), expected);
    // SQLite has no keyword for a default value, so that rows of other columns are another statement.
    let expected = if connection.backend() == Backend::Sqlite { 4 } else { 1 };
    assert_eq!(statements.load(Ordering::Relaxed), expected);
}

#[case(on_each_backend)]
fn rows_of_default_values_alone(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let rows = [Sparse::default(), Sparse::default(), Sparse::default()];
    assert_eq!(diesel::insert_into(entries::table).values(&rows).execute(connection), Ok(3));
    let expected = [1, 2, 3].map(|id| row(id, "none", 7, None));
    assert_eq!(shown(connection), expected);
}

/// The first row's parameters are fewer than those of the others.
#[case(on_each_backend)]
fn many_default_values(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let rows: Vec<Sparse> = (1..=40_000)
        .map(|id| Sparse {
            id: Some(id),
            label: (id > 1).then(|| "set".to_owned()),
            amount: (id > 1).then_some(1),
            note: (id > 1).then_some("noted"),
        })
        .collect();
    assert_eq!(diesel::insert_into(entries::table).values(&rows).execute(connection), Ok(40_000));
    let noted = entries::table.filter(entries::note.eq("noted")).count();
    assert_eq!(noted.get_result::<i64>(connection), Ok(39_999));
}

#[case(on_each_backend)]
fn all_rows_or_none(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    for rows in [500, most_rows(connection) + 500] {
        let mut entries = entries(rows);
        entries.last_mut().expect("rows").id = 1;
        let insert = |connection: &mut Connection| {
            diesel::insert_into(entries::table).values(&entries).execute(connection)
        };
        let failed = insert(connection);
        let is_duplicate = |result: &QueryResult<usize>| {
            matches!(result, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
        };
        assert!(is_duplicate(&failed), "{failed:?}");
        assert_eq!(count(connection), 0);
        // The transaction around it goes on.
        let outer: QueryResult<()> = connection.transaction(|connection| {
            diesel::insert_into(entries::table).values(entries::id.eq(-1)).execute(connection)?;
            let failed = connection.transaction(insert);
            assert!(is_duplicate(&failed), "{failed:?}");
            Ok(())
        });
        assert_eq!(outer, Ok(()));
        assert_eq!(count(connection), 1);
        diesel::delete(entries::table).execute(connection).expect("it is deleted");
    }
}

/// Diesel has `RETURNING` for PostgreSQL, not for MySQL, and for SQLite by a feature of its own.
#[cfg(not(any(feature = "mysql", feature = "sqlite")))]
#[case(on_each_backend)]
fn columns_of_all_rows_are_returned(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    for rows in [0, 1, 500, 2 * most_rows(connection) + 1] {
        let rows = entries(rows);
        let insert = diesel::insert_into(entries::table).values(&rows);
        let returned = (entries::id, entries::amount);
        let mut returned: Vec<(i32, i64)> =
            connection.insert_returning(insert.returning(returned)).expect("rows");
        returned.sort_unstable();
        assert_eq!(returned, rows.iter().map(|row| (row.id, 7)).collect::<Vec<_>>());
        diesel::delete(entries::table).execute(connection).expect("they are deleted");
    }
}

/// Diesel has no `RETURNING` for MySQL, so none in a program that may use it.
#[cfg(not(feature = "mysql"))]
#[case(on_each_backend)]
fn rows_are_returned(database: TestDatabase) {
    let connection = &mut with_entries(&database);
    let statements = inserts(connection);
    let returned = (entries::id, entries::label, entries::amount);
    for (rows, expected) in [(0, 0), (1, 1), (500, 1), (most_rows(connection) + 1, 2)] {
        let rows = entries(rows);
        let insert = diesel::insert_into(entries::table).values(&rows).returning(returned);
        let mut inserted: Vec<(i32, String, i64)> = connection.insert_returning(insert).expect("rows");
        inserted.sort_unstable();
        let wanted: Vec<_> = rows.iter().map(|row| (row.id, row.label.to_owned(), 7)).collect();
        assert_eq!(inserted, wanted);
        assert_eq!(statements.swap(0, Ordering::Relaxed), expected, "{} rows", rows.len());
        diesel::delete(entries::table).execute(connection).expect("they are deleted");
    }
    // The last of them exists: none is inserted.
    let mut rows = entries(most_rows(connection) + 1);
    rows.last_mut().expect("a row").id = 1;
    let insert = diesel::insert_into(entries::table).values(&rows).returning(entries::id);
    let failed: QueryResult<Vec<i32>> = connection.insert_returning(insert);
    let Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!(count(connection), 0);
}
