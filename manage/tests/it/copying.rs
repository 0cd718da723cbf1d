//! COPY on a PostgreSQL connection: streamed in both directions, and what is left after each way to fail.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::{BigInt, Text};
use manage::database::{CopyRows, Pool, PostgresConnection, ServerError};
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{LONG, on_postgres, on_postgres_with_tls, settings, text, with};
use crate::tls::encrypting;

const IN: &str = "COPY copied FROM STDIN";
const OUT: &str = "COPY copied TO STDOUT";

fn open(url: &str) -> PostgresConnection {
    let mut connection = PostgresConnection::open(&settings(url)).unwrap_or_else(|error| panic!("{error}"));
    connection.batch_execute("CREATE TABLE IF NOT EXISTS copied (id integer, label text)").expect("a table");
    connection
}

fn count(connection: &mut PostgresConnection) -> i64 {
    diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM copied)"))
        .get_result(connection)
        .expect("a number")
}

/// Lines of two columns, made while they are read. It counts the bytes that were.
struct Lines<'a> {
    next: usize,
    end: usize,
    line: Vec<u8>,
    read: &'a AtomicUsize,
}

impl<'a> Lines<'a> {
    fn new(end: usize, read: &'a AtomicUsize) -> Self {
        Self { next: 0, end, line: Vec::new(), read }
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() && self.next < self.end {
            self.line = format!("{}\t{:0>50}\n", self.next, self.next).into_bytes();
            self.next += 1;
        }
        let length = self.line.as_slice().read(buffer)?;
        self.line.drain(..length);
        self.read.fetch_add(length, Ordering::SeqCst);
        Ok(length)
    }
}

/// Counts what it gets, and the lines in it.
#[derive(Default)]
struct Counter {
    bytes: usize,
    lines: usize,
}

impl Write for Counter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.bytes += data.len();
        self.lines += data.iter().filter(|byte| **byte == b'\n').count();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const MILLION: usize = 1_000_000;
/// What may be under way: in the buffers of two sockets, of the server and of ours. All of it is far more.
const UNDER_WAY: usize = 20 << 20;

#[case(on_postgres)]
fn a_million_rows_go_in_and_out() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    let read = AtomicUsize::new(0);
    let rows = connection.copy_in(IN, io::BufReader::with_capacity(1 << 16, Lines::new(MILLION, &read)));
    assert_eq!(rows, Ok(1_000_000));
    assert_eq!(count(&mut connection), 1_000_000);
    let mut counter = Counter::default();
    assert_eq!(connection.copy_out(OUT, &mut counter), Ok(1_000_000));
    assert_eq!((counter.lines, counter.bytes), (MILLION, read.into_inner()));
    assert!(counter.bytes > 2 * UNDER_WAY, "the other tests rely on this");
}

/// A trigger holds the server up; the source must not be read much further.
#[case(on_postgres)]
fn the_source_waits_for_the_server() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    let held = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                IF NEW.id = 1 THEN PERFORM pg_advisory_xact_lock(7); END IF; RETURN NEW; END $$; \
                CREATE TRIGGER hold BEFORE INSERT ON copied FOR EACH ROW EXECUTE FUNCTION hold()";
    connection.batch_execute(held).expect("a trigger");
    let mut holder = open(database.url());
    holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(7)").expect("a lock");
    let read = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let copy = scope.spawn(|| {
            connection.copy_in(IN, io::BufReader::with_capacity(1 << 16, Lines::new(MILLION, &read)))
        });
        let position = settles(|| read.load(Ordering::SeqCst));
        assert!(position > 0 && position < UNDER_WAY, "{position} bytes were read");
        holder.batch_execute("COMMIT").expect("the end of the lock");
        assert_eq!(copy.join().expect("no panic"), Ok(1_000_000));
    });
}

/// The sink holds the server up, which reports how far it is.
#[case(on_postgres)]
fn the_server_waits_for_the_sink() {
    let database = TestDatabase::postgres();
    struct Gate(Option<std::sync::mpsc::Receiver<()>>, Counter);
    impl Write for Gate {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            if let Some(gate) = self.0.take() {
                gate.recv_timeout(LONG).map_err(io::Error::other)?;
            }
            self.1.write(data)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut connection = open(database.url());
    let mut watcher = open(database.url());
    let (opens, gate) = std::sync::mpsc::channel();
    let sql = "COPY (SELECT g, repeat('x', 50) FROM generate_series(1, 1000000) g) TO STDOUT";
    std::thread::scope(|scope| {
        let copy = scope.spawn(|| {
            let mut sink = Gate(Some(gate), Counter::default());
            connection.copy_out(sql, &mut sink).map(|rows| (rows, sink.1.lines))
        });
        let sent = || {
            let sql = "(SELECT coalesce(max(bytes_processed), 0) FROM pg_stat_progress_copy)";
            let sent = diesel::select(diesel::dsl::sql::<BigInt>(sql)).get_result::<i64>(&mut watcher);
            usize::try_from(sent.expect("a number")).expect("a length")
        };
        let position = settles(sent);
        assert!(position > 0 && position < UNDER_WAY, "{position} bytes were sent");
        opens.send(()).expect("a sink");
        assert_eq!(copy.join().expect("no panic"), Ok((1_000_000, MILLION)));
    });
}

/// A value that is greater than 0 and no longer grows.
fn settles(mut value: impl FnMut() -> usize) -> usize {
    let (mut last, mut same) = (0, 0);
    for _ in 0..300 {
        std::thread::sleep(Duration::from_millis(100));
        let now = value();
        same = if now > 0 && now == last { same + 1 } else { 0 };
        if same == 10 {
            return now;
        }
        last = now;
    }
    panic!("it still grows: {last}")
}

#[case(on_postgres)]
fn values_are_what_they_were() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    let labels = ["plain", "a\tb\nc\rd\\e", "\\N", "漢字 👍", "", "\u{b}\u{c}\u{8}"];
    let rows = (0..).zip(labels).map(|(id, label)| [Some(i32::to_string(&id)), Some(label.to_owned())]);
    let nothing = std::iter::once([Some("-1".to_owned()), None]);
    assert_eq!(connection.copy_in(IN, CopyRows::new(rows.chain(nothing))), Ok(7));
    let sql = "SELECT coalesce(label, 'nothing') AS label FROM copied ORDER BY id";
    let stored = diesel::sql_query(sql).load::<Label>(&mut connection).expect("rows");
    let stored: Vec<&str> = stored.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(stored, [&["nothing"][..], &labels].concat());
    let mut csv = Vec::new();
    let sql = "COPY (SELECT * FROM copied WHERE id = 0) TO STDOUT WITH (FORMAT csv, HEADER)";
    assert_eq!(connection.copy_out(sql, &mut csv), Ok(1));
    assert_eq!(String::from_utf8_lossy(&csv), "id,label\n0,plain\n");
}

#[derive(QueryableByName)]
struct Label {
    #[diesel(sql_type = Text)]
    label: String,
}

#[case(on_postgres)]
fn an_error_of_the_server_has_its_details() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    let error = connection.copy_in(IN, &b"1\ta\n2\tb\nthree\tc\n"[..]).expect_err("no number");
    let details = ServerError::of(&error).expect("details");
    assert_eq!(details.sqlstate(), Some("22P02"), "{error}");
    assert!(details.context().is_some_and(|context| context.contains("line 3, column id")), "{details:?}");
    // Also where more data follows than fits into any buffer.
    let read = AtomicUsize::new(0);
    let wrong = (&b"four\td\n"[..]).chain(Lines::new(MILLION, &read));
    let error = connection.copy_in(IN, wrong).expect_err("no number");
    assert_eq!(ServerError::of(&error).expect("details").sqlstate(), Some("22P02"), "{error}");
    let read = read.into_inner();
    assert!(read < UNDER_WAY, "the source is not read to its end: {read}");
    let missing = connection.copy_in("COPY nothing FROM STDIN", io::empty()).expect_err("no table");
    assert_eq!(ServerError::of(&missing).expect("details").sqlstate(), Some("42P01"));
    let missing = connection.copy_out("COPY nothing TO STDOUT", io::sink()).expect_err("no table");
    assert_eq!(ServerError::of(&missing).expect("details").sqlstate(), Some("42P01"));
    assert_eq!(count(&mut connection), 0);
}

#[case(on_postgres)]
fn a_source_that_fails_copies_nothing() {
    let database = TestDatabase::postgres();
    struct Fails(u8);
    impl Read for Fails {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => (&b"1\ta\n"[..]).read(buffer),
                2 => Err(io::ErrorKind::Interrupted.into()),
                _ => Err(io::Error::other("the disk is gone")),
            }
        }
    }
    let mut connection = open(database.url());
    let error = connection.copy_in(IN, Fails(0)).expect_err("the source's error");
    assert!(
        matches!(&error, QueryError::SerializationError(error) if error.to_string() == "the disk is gone")
    );
    assert_eq!(count(&mut connection), 0);
    let error = connection.transaction(|connection| {
        assert_eq!(connection.copy_in(IN, &b"2\tb\n"[..])?, 1);
        connection.copy_in(IN, Fails(0))
    });
    assert!(matches!(error, Err(QueryError::SerializationError(_))), "{error:?}");
    assert_eq!(count(&mut connection), 0, "the transaction was rolled back");
    let kept = connection.transaction(|connection| connection.copy_in(IN, &b"3\tc\n"[..]));
    assert_eq!((kept, count(&mut connection)), (Ok(1), 1));
}

#[case(on_postgres)]
fn a_time_limit_ends_it_and_keeps_the_connection() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    connection.batch_execute("SET statement_timeout = '300ms'").expect("a limit");
    let slow = "COPY (SELECT g, pg_sleep(0.01) FROM generate_series(1, 100000) g) TO STDOUT";
    let error = connection.copy_out(slow, io::sink()).expect_err("it takes too long");
    assert_eq!(ServerError::of(&error).expect("details").sqlstate(), Some("57014"));
    let held = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$; \
                CREATE TRIGGER hold BEFORE INSERT ON copied FOR EACH ROW EXECUTE FUNCTION hold()";
    connection.batch_execute(held).expect("a trigger");
    let read = AtomicUsize::new(0);
    let error = connection.copy_in(IN, Lines::new(MILLION, &read)).expect_err("it takes too long");
    assert_eq!(ServerError::of(&error).expect("details").sqlstate(), Some("57014"));
    assert_eq!(count(&mut connection), 0);
}

#[case(on_postgres)]
fn a_sink_that_fails_ends_the_connection() {
    let database = TestDatabase::postgres();
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is full"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    drop(open(database.url()));
    let pool: Pool<PostgresConnection> = Pool::new_as(settings(database.url()), 1);
    let mut connection = pool.get().expect("a connection");
    let endless = "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT";
    let error = connection.copy_out(endless, Full).expect_err("the sink's error");
    assert!(
        matches!(&error, QueryError::DeserializationError(error) if error.to_string() == "the disk is full")
    );
    connection.batch_execute("SELECT 1").expect_err("the connection is closed");
    drop(connection);
    assert_eq!(count(&mut pool.get().expect("another connection")), 0);
}

#[case(on_postgres)]
fn a_panic_of_the_source_goes_on() {
    let database = TestDatabase::postgres();
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("the source's own")
        }
    }
    let mut connection = open(database.url());
    let copy = std::panic::AssertUnwindSafe(|| connection.copy_in(IN, Panics));
    let payload = std::panic::catch_unwind(copy).expect_err("a panic");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the source's own"));
    connection.batch_execute("SELECT 1").expect_err("the connection is closed");
}

#[case(on_postgres)]
fn another_statement_is_an_error() {
    let database = TestDatabase::postgres();
    let mut connection = open(database.url());
    connection.copy_in(IN, &b"1\ta\n"[..]).expect("a row");
    for sql in ["SELECT 1", OUT, "UPDATE copied SET id = 2"] {
        let error = connection.copy_in(sql, &b"2\tb\n"[..]).expect_err(sql);
        assert!(matches!(&error, QueryError::QueryBuilderError(_)), "{sql}: {error:?}");
        assert_eq!(count(&mut connection), 1, "{sql}");
    }
    for sql in ["SELECT 1", IN] {
        let mut sink = Vec::new();
        let error = connection.copy_out(sql, &mut sink).expect_err(sql);
        assert!(matches!(&error, QueryError::QueryBuilderError(_)), "{sql}: {error:?}");
        assert!(error.to_string().contains("COPY … TO STDOUT"), "{sql}: {error}");
        assert_eq!((count(&mut connection), sink.len()), (1, 0), "{sql}");
    }
    // The second COPY gets no data, and the first is undone with it: it is one statement to the server.
    let twice = format!("{IN}; {IN}");
    assert_eq!(connection.copy_in(&twice, &b"3\tc\n"[..]), Ok(0));
}

#[case(on_postgres_with_tls)]
fn it_is_encrypted_as_all_else_is() {
    let (server, tls) = encrypting(Backend::Postgres);
    let url = server.url_as("localhost", server.user(), server.password(), server.own_database());
    let url = with(&with(&url, "sslmode", "verify-full"), "sslrootcert", text(tls.ca()));
    let mut connection = open(&url);
    let read = AtomicUsize::new(0);
    assert_eq!(connection.copy_in(IN, Lines::new(100_000, &read)), Ok(100_000));
    let mut counter = Counter::default();
    assert_eq!(connection.copy_out(OUT, &mut counter), Ok(100_000));
    assert_eq!((counter.lines, counter.bytes), (100_000, read.into_inner()));
}
