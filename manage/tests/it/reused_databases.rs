//! The databases of `manage::testing` that several tests use, one after the other.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use manage::Program;
use manage::database::Connection;
use manage::settings::{Backend, DatabaseSettings};
use manage::testing::{Project, TestDatabase};
use manage_test_support::{self as servers, case};

use crate::backends::{on_each_backend, on_postgres, settings};

// What `manage::migrations!` writes, for an app that is no crate of its own.
use manage::__private::inventory;
macro_rules! part {
    ($backend:ident, $folder:literal) => {
        manage::__private::Part::Folder(
            Some(Backend::$backend),
            $folder,
            manage::__private::embedded_migrations!(manage $folder),
        )
    };
}
/// Registers an app for one test, which therefore shares its databases with no other test. `$own` is a
/// statement that changes nothing.
macro_rules! app {
    ($app:literal, $own:literal) => {
        inventory::submit! {
            manage::__private::MigrationsRegistration::new(
                &[
                    part!(Postgres, "tests/it/tested/reused_postgres"),
                    part!(Mysql, "tests/it/tested/reused_mysql"),
                    part!(Sqlite, "tests/it/tested/reused_sqlite"),
                    manage::__private::Part::Before(&[
                        (Backend::Postgres, &[$own]),
                        (Backend::Mysql, &[$own]),
                        (Backend::Sqlite, &[$own]),
                    ]),
                ],
                (concat!($app, "::migrations"), file!(), line!()),
                env!("CARGO_MANIFEST_DIR"),
            )
        }
    };
}
app!("reused_one_by_one", "SELECT 1");
app!("reused_changed", "SELECT 2");
app!("reused_restored", "SELECT 3");
app!("reused_panic", "SELECT 4");
app!("reused_threads", "SELECT 5");

fn program(app: &'static str) -> Program {
    Program::new(match app {
        "one_by_one" => &["reused_one_by_one"],
        "changed" => &["reused_changed"],
        "restored" => &["reused_restored"],
        "panic" => &["reused_panic"],
        _ => &["reused_threads"],
    })
}

diesel::table! {
    kinds (id) {
        id -> Integer,
        name -> Text,
    }
}
diesel::table! {
    goods (id) {
        id -> Integer,
        name -> Text,
        kind -> Nullable<Integer>,
        best -> Nullable<Integer>,
    }
}
diesel::table! {
    parts (id) {
        id -> Integer,
        name -> Text,
        good -> Integer,
    }
}

fn reuse(app: &'static str, server: &DatabaseSettings) -> TestDatabase {
    TestDatabase::reuse(&program(app), server).unwrap_or_else(|error| panic!("{error:#}"))
}

/// What a test does that trusts in its database: it adds rows, and sees those of the migrations and its own,
/// with the first numbers.
#[track_caller]
fn a_test(connection: &mut Connection) {
    connection.batch_execute("INSERT INTO goods (name, kind) VALUES ('good', 1)").expect("nobody has a good");
    connection.batch_execute("INSERT INTO parts (name, good) VALUES ('handle', 1)").expect("a row");
    connection.batch_execute("UPDATE goods SET best = 1").expect("a circle of references");
    let rows: Vec<(i32, String, Option<i32>, Option<i32>)> = goods::table.load(connection).expect("goods");
    assert_eq!(rows, [(1, "good".to_owned(), Some(1), Some(1))]);
    assert_eq!(parts::table.select(parts::id).load::<i32>(connection).expect("parts"), [1]);
    let kinds: Vec<(i32, String)> = kinds::table.order(kinds::id).load(connection).expect("kinds");
    assert_eq!(kinds, [(1, "cup".to_owned()), (2, "plate".to_owned())]);
    if connection.backend() == Backend::Postgres {
        connection
            .batch_execute("DO $$ BEGIN ASSERT nextval('tickets') = 1000; END $$")
            .expect("as migrated");
        connection
            .batch_execute(
                r#"DO $$ BEGIN ASSERT (SELECT array_agg(words) FROM "it's a ""log""") = '{INSERT}'; END $$"#,
            )
            .expect("no row of the deletions");
    }
}

#[case(on_each_backend)]
fn a_test_does_not_see_what_another_did(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let mut names = BTreeSet::new();
    for _ in 0..4 {
        let project = Project::new(program("one_by_one")).with_test_database(reuse("one_by_one", server));
        a_test(&mut project.connect());
        project.run(["migrate", "--check"]).expect_success();
        names.insert(project.database("default").name.clone());
    }
    // Without emptying, the second would have failed: it is the same database.
    match server.backend {
        Backend::Sqlite => assert_eq!(names.len(), 4),
        _ => assert_eq!(names.len(), 1, "{names:?}"),
    }
}

#[case(on_each_backend)]
fn what_cannot_be_undone_costs_a_new_database(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let mut changes = vec![
        "ALTER TABLE parts ADD COLUMN more INTEGER",
        "CREATE VIEW more AS SELECT * FROM kinds",
        "UPDATE kinds SET name = 'bowl' WHERE id = 1",
        "DELETE FROM kinds WHERE id = 2",
    ];
    if server.backend == Backend::Postgres {
        changes.extend([
            "DROP TABLE parts CASCADE",
            "CREATE INDEX ON parts (name)",
            "ALTER TABLE parts ALTER name DROP NOT NULL",
            "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "DROP TRIGGER log_it ON goods",
            "GRANT SELECT ON parts TO PUBLIC",
            "SELECT lo_create(0)",
            "INSERT INTO goods (name) VALUES ('x'); REFRESH MATERIALIZED VIEW names",
            "INSERT INTO parts (name, good) SELECT repeat('x', 100), 1 FROM generate_series(1, 20000), \
             (SELECT count(*) FROM goods) AS g",
        ]);
    }
    for change in changes {
        let database = reuse("changed", server);
        let used = database.settings().name.clone();
        let mut connection = database.connect().expect("a connection");
        if server.backend == Backend::Mysql {
            connection.batch_execute("SET foreign_key_checks = 0").expect("a setting");
        }
        if change.contains("series") {
            connection.batch_execute("INSERT INTO goods (name) VALUES ('x')").expect("a row");
        }
        connection.batch_execute(change).unwrap_or_else(|error| panic!("{change}: {error}"));
        drop(connection);
        drop(database);
        let database = reuse("changed", server);
        assert_ne!(database.settings().name, used, "{change}");
        a_test(&mut database.connect().expect("a connection"));
    }
}

#[case(on_postgres)]
fn what_can_be_undone_costs_none() {
    let server = servers::TestDatabase::postgres();
    let server = &settings(server.url());
    let first = reuse("restored", server).settings().name.clone();
    for change in [
        "INSERT INTO kinds (name) VALUES ('bowl')",
        "INSERT INTO goods (name) VALUES ('x'); TRUNCATE goods RESTART IDENTITY CASCADE",
        "SELECT setval('tickets', 7, false)",
        "CREATE TEMPORARY TABLE own (id INTEGER)",
        "ANALYZE",
        "BEGIN; UPDATE kinds SET name = 'bowl' WHERE id = 1; ALTER TABLE parts ADD COLUMN more INTEGER; ROLLBACK",
        "SELECT pg_advisory_lock(1)",
    ] {
        let database = reuse("restored", server);
        database.connect().expect("a connection").batch_execute(change).expect(change);
        drop(database);
        let database = reuse("restored", server);
        assert_eq!(database.settings().name, first, "{change}");
        a_test(&mut database.connect().expect("a connection"));
    }
}

#[case(on_each_backend)]
fn a_panic_leaves_nothing_for_the_next_test(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let like = server.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicked = thread::spawn(move || {
        let database = reuse("panic", &like);
        let mut connection = database.connect().expect("a connection");
        a_test(&mut connection);
        // It is in the middle of a transaction, which holds locks, and outlives the test.
        connection.batch_execute("BEGIN").expect("a transaction");
        connection.batch_execute("DELETE FROM kinds WHERE id = 2").expect("rows");
        sender.send((database.settings().name.clone(), connection)).expect("it listens");
        std::panic::resume_unwind(Box::new("a test that fails"));
    })
    .join();
    panicked.expect_err("it panics");
    let (name, mut connection) = receiver.recv().expect("it was sent");
    let database = reuse("panic", server);
    a_test(&mut database.connect().expect("a connection"));
    if server.backend != Backend::Sqlite {
        assert_eq!(database.settings().name, name);
        connection.batch_execute("SELECT 1").expect_err("the session was ended");
    }
}

#[case(on_each_backend)]
fn eight_threads_of_fifty_tests(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let start = &Barrier::new(8);
    let names: BTreeSet<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(move || {
                    start.wait();
                    let mut names = BTreeSet::new();
                    for _ in 0..50 {
                        let database = reuse("threads", server);
                        a_test(&mut database.connect().expect("a connection"));
                        names.insert(database.settings().name.clone());
                    }
                    names
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    if server.backend != Backend::Sqlite {
        assert!(names.len() <= 8, "databases were dropped, or not found again: {names:?}");
    }
}
