//! Threads that read and then write one SQLite file in transactions: none fails, and nothing is lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::{Connection, Pool};
use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::{CaseName, Suite, case};

const THREADS: i32 = 8;
const TURNS: i32 = 12;

/// Adds one in a transaction, [`TURNS`] times.
type Work = fn(&DatabaseSettings, &Pool);

diesel::table! {
    counter (id) {
        id -> Integer,
        value -> Integer,
    }
}

fn database(journal: &str) -> (tempfile::TempDir, DatabaseSettings) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    let settings = DatabaseSettings::sqlite("default", path.to_str().expect("UTF-8"), Origin::Code);
    Connection::open(&settings)
        .expect("a database")
        .batch_execute(&format!(
            "PRAGMA journal_mode = {journal}; \
             CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL); INSERT INTO counter VALUES (1, 0)"
        ))
        .expect("SQL");
    (folder, settings)
}

fn value(settings: &DatabaseSettings) -> i32 {
    let mut connection = Connection::open(settings).expect("a connection");
    counter::table.select(counter::value).first(&mut connection).expect("a value")
}

/// A test for each mode of the journal.
fn in_each_journal(suite: &mut Suite, name: &CaseName, work: Work) {
    for journal in ["wal", "delete"] {
        suite.test(name.on(journal), move || count(journal, work));
    }
}

fn count(journal: &str, work: Work) {
    let (_folder, settings) = database(journal);
    let pool = Pool::new(settings.clone(), 4);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| work(&settings, &pool));
        }
    });
    assert_eq!(value(&settings), THREADS * TURNS);
}

/// What a transaction that begins as a reader could not do beside others.
macro_rules! add_one {
    ($connection:expr) => {{
        let connection = &mut *$connection;
        let value: i32 = counter::table.select(counter::value).first(connection)?;
        diesel::update(counter::table).set(counter::value.eq(value + 1)).execute(connection)?;
        QueryResult::Ok(())
    }};
}

#[case(in_each_journal)]
fn the_connection(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    for _ in 0..TURNS {
        connection.transaction(|connection| add_one!(connection)).expect("a turn");
    }
}

#[case(in_each_journal)]
fn the_trait_of_diesel(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    for _ in 0..TURNS {
        diesel::Connection::transaction(&mut connection, |connection| add_one!(connection)).expect("a turn");
    }
}

#[case(in_each_journal)]
fn nested(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    for _ in 0..TURNS {
        let ran = connection.transaction(|connection| {
            let undone = connection.transaction(|connection| {
                add_one!(connection)?;
                QueryResult::<()>::Err(diesel::result::Error::RollbackTransaction)
            });
            assert_eq!(undone, Err(diesel::result::Error::RollbackTransaction));
            connection.transaction(|connection| add_one!(connection))
        });
        ran.expect("a turn");
    }
}

#[case(in_each_journal)]
fn the_pool(_: &DatabaseSettings, pool: &Pool) {
    for _ in 0..TURNS {
        // Eight threads share four connections.
        let mut connection = pool.get().expect("a connection");
        diesel::Connection::transaction(&mut connection, |connection| add_one!(connection)).expect("a turn");
        drop(connection);
    }
}

#[cfg(feature = "async")]
#[case(in_each_journal)]
fn the_pool_of_handlers(_: &DatabaseSettings, pool: &Pool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for _ in 0..TURNS {
        let turn = pool.run(|connection| -> manage::Result<()> {
            Ok(connection.transaction(|connection| add_one!(connection))?)
        });
        runtime.block_on(turn).expect("a turn");
    }
}

#[case(in_each_journal)]
fn the_type_of_ours(settings: &DatabaseSettings, _: &Pool) {
    use diesel::Connection as _;
    let url = settings.url();
    let mut connection = manage::database::SqliteConnection::establish(url.expose()).expect("a connection");
    for _ in 0..TURNS {
        connection.transaction(|connection| add_one!(connection)).expect("a turn");
    }
}

/// What the documentation of `connect_as` says of Diesel's own type.
#[case(in_each_journal)]
fn immediate_of_diesel(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
    #[allow(irrefutable_let_patterns)]
    let Connection::Sqlite(connection) = &mut connection else { unreachable!("it is SQLite") };
    for _ in 0..TURNS {
        connection.inner_mut().immediate_transaction(|connection| add_one!(connection)).expect("a turn");
    }
}

/// Counts down at its end, also after a panic: otherwise the one that writes again and again would never end.
struct Countdown<'a>(&'a AtomicUsize);

impl Drop for Countdown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// It leaves the file free only for a moment between two transactions.
#[case]
fn one_that_writes_again_and_again_lets_others_in() {
    const OTHERS: usize = 4;
    const WANTED: i32 = 10;
    for journal in ["wal", "delete"] {
        let (_folder, settings) = database(journal);
        let others = AtomicUsize::new(OTHERS);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut connection = Connection::open(&settings).expect("a connection");
                while others.load(Ordering::SeqCst) > 0 {
                    let turn = connection.transaction(|connection| {
                        std::thread::sleep(Duration::from_millis(5));
                        diesel::update(counter::table).set(counter::id.eq(1)).execute(connection)
                    });
                    turn.expect("a turn");
                }
            });
            for _ in 0..OTHERS {
                scope.spawn(|| {
                    let _countdown = Countdown(&others);
                    let mut connection = Connection::open(&settings).expect("a connection");
                    for _ in 0..WANTED {
                        connection.transaction(|connection| add_one!(connection)).expect("a turn");
                    }
                });
            }
        });
        assert_eq!(value(&settings), i32::try_from(OTHERS).expect("a few") * WANTED, "{journal}");
    }
}

#[case]
fn a_holder_is_waited_for() {
    for journal in ["wal", "delete"] {
        let (_folder, settings) = database(journal);
        let mut holder = Connection::open(&settings).expect("a connection");
        holder.batch_execute("BEGIN IMMEDIATE; UPDATE counter SET value = 41").expect("SQL");
        let (reported, waits) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let settings = &settings;
            scope.spawn(move || {
                let mut connection = Connection::open(settings).expect("a connection");
                reported.send(()).expect("the holder listens");
                connection.transaction(|connection| add_one!(connection)).expect("after the holder");
                let _ = reported.send(());
            });
            waits.recv().expect("it is about to wait");
            std::thread::sleep(Duration::from_millis(300));
            assert!(waits.try_recv().is_err(), "it did not wait for the holder");
            holder.batch_execute("COMMIT").expect("SQL");
        });
        assert_eq!(value(&settings), 42, "{journal}");
    }
}

#[case]
fn readers_read_where_nobody_may_write() {
    let (folder, settings) = database("delete");
    let uri = format!("file:{}?mode=ro", folder.path().join("a.db").display());
    let mut read_only =
        Connection::open(&DatabaseSettings::sqlite("default", uri, Origin::Code)).expect("a connection");
    let mut query_only = Connection::open(&settings).expect("a connection");
    query_only.batch_execute("PRAGMA query_only = ON").expect("a pragma");
    for connection in [&mut read_only, &mut query_only] {
        let read = connection.transaction(|connection| {
            connection
                .transaction(|connection| counter::table.select(counter::value).first::<i32>(connection))
        });
        assert_eq!(read, Ok(0));
        let wrote = connection.transaction(|connection| add_one!(connection));
        assert!(wrote.is_err());
        // It can go on.
        assert_eq!(counter::table.select(counter::value).first::<i32>(connection), Ok(0));
    }
}

#[case]
fn a_failure_leaves_no_transaction() {
    let (_folder, settings) = database("wal");
    let mut holder = Connection::open(&settings).expect("a connection");
    holder.batch_execute("BEGIN IMMEDIATE").expect("SQL");
    let mut connection = Connection::open(&settings).expect("a connection");
    connection.batch_execute("PRAGMA busy_timeout = 10").expect("a pragma");
    let refused = connection.transaction(|connection| add_one!(connection)).expect_err("it is held");
    assert_eq!(refused.to_string(), "database is locked");
    holder.batch_execute("ROLLBACK").expect("SQL");
    connection.transaction(|connection| add_one!(connection)).expect("it is free");
    let mode: String =
        diesel::select(diesel::dsl::sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"))
            .get_result(&mut connection)
            .expect("a mode");
    assert_eq!((value(&settings), mode.as_str()), (1, "wal"));
    // Neither the failure nor the success changed what the program has set.
    let timeout =
        diesel::sql_query("PRAGMA busy_timeout").get_result::<Timeout>(&mut connection).expect("a number");
    assert_eq!(timeout.timeout, 10);
}

#[derive(QueryableByName)]
struct Timeout {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    timeout: i32,
}
