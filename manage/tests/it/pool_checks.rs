//! What a pool checks before it gives out a connection that was used before, and when.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use manage::database::{Connect, ConnectError, Connection, Pool, Poolable, PooledConnection};
use manage::settings::DatabaseSettings;
use manage_test_support::{Backend, DatabaseServer, Link, Proxy, TestDatabase, case, wait_until};

use crate::backends::{LONG, on_each_backend, on_each_server, on_mariadb, settings, with};

static CHECKS: AtomicUsize = AtomicUsize::new(0);

/// A connection whose checks are counted. `READY` is what it says of itself.
struct Counted<const READY: bool>(Connection);

impl<const READY: bool> Connect for Counted<READY> {
    fn backends() -> &'static [manage::settings::Backend] {
        Connection::backends()
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Connection::open(settings).map(Self)
    }
}

impl<const READY: bool> Poolable for Counted<READY> {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        CHECKS.fetch_add(1, Ordering::SeqCst);
        self.0.check(settings, limit)
    }

    fn is_ready(&mut self) -> bool {
        READY
    }

    fn is_broken(&mut self) -> bool {
        self.0.is_broken()
    }
}

fn checks<const READY: bool>(pool: &Pool<Counted<READY>>) -> usize {
    let before = CHECKS.load(Ordering::SeqCst);
    drop(pool.get().expect("a connection"));
    CHECKS.load(Ordering::SeqCst) - before
}

#[case]
fn a_used_connection_is_tested_once_a_second() {
    let folder = tempfile::tempdir().expect("a directory");
    let settings = settings(&format!("sqlite:{}", folder.path().join("a.db").display()));
    let pool = Pool::new_as::<Counted<true>>(settings.clone(), 1);
    let start = Instant::now();
    let count: usize = (0..200).map(|_| checks(&pool)).sum();
    let seconds = usize::try_from(start.elapsed().as_secs()).expect("few");
    assert!(count <= seconds, "{count} checks in {seconds} s");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(checks(&pool), 1, "it was last tested a second ago");

    let pool = Pool::new_as::<Counted<false>>(settings, 1);
    assert_eq!(checks(&pool), 0, "a new one");
    assert_eq!([(); 5].map(|()| checks(&pool)), [1; 5]);
}

fn number(connection: &mut Connection) -> QueryResult<i32> {
    diesel::select(diesel::dsl::sql::<Integer>("7")).get_result(connection)
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn session(connection: &mut Connection, backend: Backend) -> i64 {
    let query = match backend {
        Backend::Postgres => "SELECT CAST(pg_backend_pid() AS bigint) AS id",
        _ => "SELECT CAST(connection_id() AS signed) AS id",
    };
    let session: Session = diesel::sql_query(query).get_result(connection).expect("a session");
    session.id
}

/// The server answers no query, so one would take until the time limit.
#[case(on_each_server)]
fn a_connection_used_a_moment_ago_is_not_queried(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("pooled");
    let mut settings = settings(&with(&server.url("pooled"), "sslmode", "disable"));
    settings.connect_timeout = Duration::from_secs(5);
    let is_not_queried = || {
        let pool = Pool::new(settings.clone(), 1);
        let opened = Instant::now();
        let mut connection = pool.get().expect("a connection");
        assert_eq!(number(&mut connection), Ok(7));
        drop(connection);
        server.pause();
        let used = pool.get();
        let took = opened.elapsed();
        server.resume();
        used.is_ok() && took < Duration::from_secs(1)
    };
    // On a busy machine a second may pass.
    assert!((0..10).any(|_| is_not_queried()));
}

#[derive(QueryableByName)]
struct Zone {
    #[diesel(sql_type = Text)]
    zone: String,
}

#[case(on_mariadb)]
fn what_a_statement_sets_is_restored_at_once() {
    let database = TestDatabase::mariadb();
    let pool = Pool::new(settings(database.url()), 1);
    for sql in ["SET time_zone = '+05:00'", "  /* a */ set @@time_zone = '+05:00'"] {
        // The last ones are prepared statements that the connection keeps.
        for _ in 0..4 {
            diesel::sql_query(sql).execute(&mut *pool.get().expect("a connection")).expect("it is set");
            let zone: QueryResult<Zone> = diesel::sql_query("SELECT @@time_zone AS zone")
                .get_result(&mut *pool.get().expect("a connection"));
            assert_eq!(zone.expect("a time zone").zone, "+00:00", "{sql}");
        }
    }
}

/// An administrator ends the sessions, or a proxy resets the connections.
#[case(on_each_server)]
fn a_connection_that_ended_a_moment_ago_fails_no_read(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("pooled");
    let proxy = Proxy::to(server.port(), Link::Good);
    let direct = with(&server.url("pooled"), "sslmode", "disable");
    let through = direct.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port()));
    for round in 0..10 {
        for url in [&direct, &through] {
            let pool = Pool::new(settings(url), 3);
            let mut all =
                [pool.get(), pool.get(), pool.get()].map(|connection| connection.expect("a connection"));
            let sessions = all.each_mut().map(|connection| session(connection, backend));
            drop(all);
            let port = if url == &direct {
                terminate(&server, backend, &sessions);
                server.port()
            } else {
                proxy.cut();
                proxy.port()
            };
            // On a busy machine the news of the end is on its way for a moment.
            wait_until(LONG, "the end of the connections", || !is_connected_to(port));
            for _ in 0..3 {
                let mut connection = pool.get().expect("a connection");
                assert_eq!(number(&mut connection), Ok(7), "round {round}, {url}");
            }
        }
    }
}

/// Returns whether a socket of this machine is connected to a port, as far as its own side knows.
fn is_connected_to(port: u16) -> bool {
    // Other systems than Linux have no such table.
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    // `sl local_address rem_address st …`, in hexadecimal digits; 01 is ESTABLISHED.
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().take(4).collect();
        fields.get(2).is_some_and(|remote| remote.ends_with(&format!(":{port:04X}")))
            && fields.get(3) == Some(&"01")
    })
}

/// Ends sessions, and waits until the server has ended them.
fn terminate(server: &DatabaseServer, backend: Backend, sessions: &[i64]) {
    for id in sessions {
        match backend {
            Backend::Postgres => {
                server.query_value(&format!("SELECT pg_terminate_backend({id})"));
            }
            _ => server.execute(&format!("KILL {id}")),
        }
    }
    let list = sessions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let left = match backend {
        Backend::Postgres => format!("SELECT count(*) FROM pg_stat_activity WHERE pid IN ({list})"),
        _ => format!("SELECT count(*) FROM information_schema.processlist WHERE id IN ({list})"),
    };
    wait_until(LONG, "the end of the sessions", || server.query_value(&left) == "0");
}

#[case(on_each_backend)]
fn every_thread_gets_its_turn(database: TestDatabase) {
    let mut settings = settings(database.url());
    settings.connect_timeout = LONG;
    let pool = Pool::new(settings, 4);
    let longest = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| use_often(&pool))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).max()
    });
    // Each use takes far less than a millisecond, also on a busy machine.
    assert!(longest < Some(Duration::from_secs(5)), "{longest:?}");
}

/// Returns the longest time that this thread waited for a connection.
fn use_often(pool: &Pool) -> Duration {
    let one = |_| {
        let start = Instant::now();
        let mut connection: PooledConnection = pool.get().expect("a connection");
        let waited = start.elapsed();
        assert_eq!(number(&mut connection), Ok(7));
        waited
    };
    (0..300).map(one).max().expect("a time")
}
