//! Transactions, on every backend.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;
use diesel::result::Error;
use manage::database::{Connection, Pool};
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_sqlite, settings};
use crate::things::{create, ids, insert, thing};

#[case(on_each_backend)]
fn one_that_only_reads_sees_one_moment(database: TestDatabase) {
    let (mut connection, mut other) = (connect(&database), connect(&database));
    create(&mut connection);
    insert(&mut connection, &thing(1)).expect("a row");
    let seen = connection.read_transaction(|connection| {
        let before = ids(connection);
        insert(&mut other, &thing(2)).expect("a row");
        let nested = connection.read_transaction(|connection| QueryResult::Ok(ids(connection)))?;
        QueryResult::Ok((before, nested))
    });
    assert_eq!(seen, Ok((vec![1], vec![1])));
    let wrote = connection.read_transaction(|connection| insert(connection, &thing(3)));
    assert!(wrote.is_err());
    let failed: QueryResult<()> = connection.read_transaction(|_| Err(Error::RollbackTransaction));
    assert_eq!(failed, Err(Error::RollbackTransaction));
    // It may write again, in a transaction and without one; and read inside one that writes.
    insert(&mut connection, &thing(3)).expect("a row");
    let all = connection.transaction(|connection| {
        insert(connection, &thing(4))?;
        connection.read_transaction(|connection| QueryResult::Ok(ids(connection)))
    });
    assert_eq!(all, Ok(vec![1, 2, 3, 4]));
    assert_eq!(ids(&mut other), [1, 2, 3, 4]);
}

/// With WAL, which a new file has.
#[cfg(feature = "sqlite")]
#[case(on_sqlite)]
fn a_reader_waits_for_no_writer() {
    let database = TestDatabase::new(Backend::Sqlite);
    let (mut reader, mut writer) = (connect(&database), connect(&database));
    create(&mut reader);
    reader.batch_execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 0").expect("pragmas");
    writer.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    insert(&mut writer, &thing(1)).expect("a row");
    assert_eq!(reader.read_transaction(|connection| QueryResult::Ok(ids(connection))), Ok(vec![]));
    let writes: QueryResult<()> = reader.transaction(|_| Ok(()));
    assert_eq!(writes.expect_err("the writer holds the lock").to_string(), "database is locked");
    writer.batch_execute("COMMIT").expect("a commit");
    assert_eq!(reader.read_transaction(|connection| QueryResult::Ok(ids(connection))), Ok(vec![1]));
}

#[case(on_each_backend)]
fn one_that_succeeds_stays(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let answer: QueryResult<&str> = connection.transaction(|connection| {
        insert(connection, &thing(1))?;
        Ok("done")
    });
    assert_eq!(answer, Ok("done"));
    assert_eq!(ids(&mut connect(&database)), [1]);
}

#[case(on_each_backend)]
fn one_that_fails_leaves_nothing(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let result: QueryResult<()> = connection.transaction(|connection| {
        insert(connection, &thing(1))?;
        assert_eq!(ids(connection), [1]);
        Err(Error::RollbackTransaction)
    });
    assert_eq!(result, Err(Error::RollbackTransaction));
    assert_eq!(ids(&mut connection), [0; 0]);
    insert(&mut connection, &thing(2)).expect("outside of any transaction");
    assert_eq!(ids(&mut connect(&database)), [2]);
}

#[case(on_each_backend)]
fn a_nested_transaction_rolls_back_alone(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let result: QueryResult<()> = connection.transaction(|connection| {
        insert(connection, &thing(1))?;
        let inner: QueryResult<()> = connection.transaction(|connection| {
            insert(connection, &thing(2))?;
            let innermost: QueryResult<()> = connection.transaction(|connection| {
                insert(connection, &thing(3))?;
                Ok(())
            });
            assert_eq!(innermost, Ok(()));
            assert_eq!(ids(connection), [1, 2, 3]);
            Err(Error::RollbackTransaction)
        });
        assert_eq!(inner, Err(Error::RollbackTransaction));
        insert(connection, &thing(4))?;
        Ok(())
    });
    assert_eq!(result, Ok(()));
    assert_eq!(ids(&mut connect(&database)), [1, 4]);
}

#[case(on_each_backend)]
fn an_outer_transaction_takes_the_nested_one_with_it(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let result: QueryResult<()> = connection.transaction(|connection| {
        let inner: QueryResult<usize> = connection.transaction(|connection| insert(connection, &thing(1)));
        assert_eq!(inner, Ok(1));
        Err(Error::RollbackTransaction)
    });
    assert!(result.is_err());
    assert_eq!(ids(&mut connection), [0; 0]);
}

#[case(on_each_backend)]
fn a_statement_that_fails_inside_can_be_handled(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let result: QueryResult<()> = connection.transaction(|connection| {
        insert(connection, &thing(1))?;
        // PostgreSQL would refuse everything after the error, were it not for the savepoint.
        let inner: QueryResult<usize> = connection.transaction(|connection| insert(connection, &thing(1)));
        inner.expect_err("it is there");
        insert(connection, &thing(2))?;
        Ok(())
    });
    assert_eq!(result, Ok(()));
    assert_eq!(ids(&mut connect(&database)), [1, 2]);

    // Without a savepoint the server commits nothing of it, and Diesel does not say so.
    let _: QueryResult<()> = connection.transaction(|connection| {
        insert(connection, &thing(3))?;
        insert(connection, &thing(3)).expect_err("it is there");
        Ok(())
    });
    let expected: &[i32] = if database.backend() == Backend::Postgres { &[1, 2] } else { &[1, 2, 3] };
    assert_eq!(ids(&mut connect(&database)), expected);
    insert(&mut connection, &thing(4)).expect("the connection goes on");

    // A savepoint that holds a failed statement cannot be released, as with libpq.
    let outer: QueryResult<()> = connection.transaction(|connection| {
        let inner: QueryResult<()> = connection.transaction(|connection| {
            insert(connection, &thing(4)).expect_err("it is there");
            Ok(())
        });
        assert_eq!(inner.is_err(), database.backend() == Backend::Postgres, "{inner:?}");
        insert(connection, &thing(5)).map(drop)
    });
    assert_eq!(outer, Ok(()));
}

#[case(on_each_backend)]
fn a_panic_leaves_nothing(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _: QueryResult<()> = connection.transaction(|connection| {
            insert(connection, &thing(1))?;
            std::panic::resume_unwind(Box::new("oh"));
        });
    }));
    assert!(panic.is_err());
    let mut connection = connect(&database);
    // It would wait for the other's lock, were it still held.
    insert(&mut connection, &thing(1)).expect("the place is free");
    assert_eq!(ids(&mut connection), [1]);
}

#[case(on_each_backend)]
fn a_panic_costs_the_pool_a_connection_and_no_place(database: TestDatabase) {
    create(&mut connect(&database));
    let pool = Pool::new(settings(database.url()), 1);
    for _ in 0..3 {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let mut connection = pool.get().expect("a connection");
            let _: QueryResult<()> = connection.transaction(|connection| {
                insert(connection, &thing(1))?;
                std::panic::resume_unwind(Box::new("oh"));
            });
        }));
        assert!(panic.is_err());
    }
    assert_eq!(ids(&mut pool.get().expect("a connection")), [0; 0]);
    assert!(format!("{pool:?}").ends_with("1 of 1 open, 1 idle)"), "{pool:?}");
}

#[case(on_each_backend)]
fn a_test_transaction_is_never_committed(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    connection.begin_test_transaction().expect("a transaction");
    let result: QueryResult<usize> = connection.transaction(|connection| insert(connection, &thing(1)));
    assert_eq!(result, Ok(1));
    assert_eq!(ids(&mut connection), [1]);
    drop(connection);
    let mut connection = connect(&database);
    assert_eq!(ids(&mut connection), [0; 0]);
    connection.test_transaction::<_, Error, _>(|connection| insert(connection, &thing(1)));
    assert_eq!(ids(&mut connection), [0; 0]);
}

#[case(on_each_backend)]
fn a_dropped_connection_rolls_back(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    connection.batch_execute("BEGIN").expect("a transaction behind Diesel's back");
    insert(&mut connection, &thing(1)).expect("a row");
    drop(connection);
    let mut connection = connect(&database);
    insert(&mut connection, &thing(1)).expect("the place is free");
    assert_eq!(ids(&mut connection), [1]);
}

#[derive(Debug, PartialEq)]
enum Own {
    Diesel(Error),
    Mine(i32),
}

impl From<Error> for Own {
    fn from(error: Error) -> Self {
        Self::Diesel(error)
    }
}

#[case(on_each_backend)]
fn a_type_of_errors_of_ones_own(database: TestDatabase) {
    let mut connection = connect(&database);
    create(&mut connection);
    let work = |connection: &mut Connection| {
        insert(connection, &thing(1))?;
        Err::<(), Own>(Own::Mine(7))
    };
    assert_eq!(connection.transaction(work), Err(Own::Mine(7)));
    assert_eq!(ids(&mut connection), [0; 0]);
}
