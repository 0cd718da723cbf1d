//! Threads that read and then write one SQLite file in transactions: none fails, and nothing is lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::{Connection, Pool};
use manage::settings::{DatabaseSettings, Origin};
use manage_test_servers::Suite;

pub(crate) fn add(suite: &mut Suite) {
    for journal in ["wal", "delete"] {
        let mut add = |name: &str, work: Work| {
            suite.test(format!("sqlite_writers::{journal}::{name}"), move || count(journal, work));
        };
        add("the_connection", of_connection);
        add("the_trait_of_diesel", of_diesel);
        add("nested", nested);
        add("the_pool", of_pool);
        #[cfg(feature = "async")]
        add("the_pool_of_handlers", of_handlers);
        add("the_type_of_ours", of_our_type);
        add("immediate_of_diesel", of_diesels_type);
    }
    suite.test("sqlite_writers::one_that_writes_again_and_again_lets_others_in", lets_others_in);
    suite.test("sqlite_writers::a_holder_is_waited_for", a_holder_is_waited_for);
    suite.test("sqlite_writers::readers_read_where_nobody_may_write", readers_read_where_nobody_may_write);
    suite.test("sqlite_writers::a_failure_leaves_no_transaction", a_failure_leaves_no_transaction);
}

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

fn of_connection(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    for _ in 0..TURNS {
        connection.transaction(|connection| add_one!(connection)).expect("a turn");
    }
}

fn of_diesel(settings: &DatabaseSettings, _: &Pool) {
    let mut connection = Connection::open(settings).expect("a connection");
    for _ in 0..TURNS {
        diesel::Connection::transaction(&mut connection, |connection| add_one!(connection)).expect("a turn");
    }
}

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

fn of_pool(_: &DatabaseSettings, pool: &Pool) {
    for _ in 0..TURNS {
        // Eight threads share four connections.
        let mut connection = pool.get().expect("a connection");
        diesel::Connection::transaction(&mut connection, |connection| add_one!(connection)).expect("a turn");
        drop(connection);
    }
}

#[cfg(feature = "async")]
fn of_handlers(_: &DatabaseSettings, pool: &Pool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for _ in 0..TURNS {
        let turn = pool.run(|connection| -> manage::Result<()> {
            Ok(connection.transaction(|connection| add_one!(connection))?)
        });
        runtime.block_on(turn).expect("a turn");
    }
}

fn of_our_type(settings: &DatabaseSettings, _: &Pool) {
    use diesel::Connection as _;
    let url = settings.url();
    let mut connection = manage::database::SqliteConnection::establish(url.expose()).expect("a connection");
    for _ in 0..TURNS {
        connection.transaction(|connection| add_one!(connection)).expect("a turn");
    }
}

/// What the documentation of `connect_as` says of Diesel's own type.
fn of_diesels_type(settings: &DatabaseSettings, _: &Pool) {
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
fn lets_others_in() {
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

fn a_holder_is_waited_for() {
    for journal in ["wal", "delete"] {
        let (_folder, settings) = database(journal);
        let mut holder = Connection::open(&settings).expect("a connection");
        holder.batch_execute("BEGIN IMMEDIATE; UPDATE counter SET value = 41").expect("SQL");
        let (told, waits) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let settings = &settings;
            scope.spawn(move || {
                let mut connection = Connection::open(settings).expect("a connection");
                told.send(()).expect("the holder listens");
                connection.transaction(|connection| add_one!(connection)).expect("after the holder");
                let _ = told.send(());
            });
            waits.recv().expect("it is about to wait");
            std::thread::sleep(Duration::from_millis(300));
            assert!(waits.try_recv().is_err(), "it did not wait for the holder");
            holder.batch_execute("COMMIT").expect("SQL");
        });
        assert_eq!(value(&settings), 42, "{journal}");
    }
}

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
