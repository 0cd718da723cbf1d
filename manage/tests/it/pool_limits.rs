//! How many connections a pool has, and for how long, seen from the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use manage::database::{Connect, ConnectError, Connection, Pool, PoolBuilder, Poolable, Reason};
use manage::settings::{DatabaseSettings, Environment, PoolSettings, Settings, SettingsError, Source};
use manage_test_support::{Backend, TestDatabase, case, wait_until};

use crate::backends::{LONG, connect, on_each_backend, on_each_server, on_sqlite, settings};
use crate::project::Project;

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// A database of its own, and a connection that watches who else uses it.
struct Watched {
    database: TestDatabase,
    backend: Backend,
    observer: Connection,
}

impl Watched {
    fn new(backend: Backend) -> Self {
        let database = match backend {
            Backend::Postgres => TestDatabase::postgres(),
            _ => TestDatabase::mariadb(),
        };
        let observer = connect(&database);
        Self { database, backend, observer }
    }

    fn pool(&self) -> PoolBuilder {
        Pool::builder(settings(self.database.url()))
    }

    /// The other sessions.
    fn sessions(&mut self) -> Vec<i64> {
        let query = match self.backend {
            Backend::Postgres => {
                "SELECT CAST(pid AS bigint) AS id FROM pg_stat_activity WHERE datname = current_database() AND \
                 pid <> pg_backend_pid() AND backend_type = 'client backend'"
            }
            _ => {
                "SELECT CAST(id AS signed) AS id FROM information_schema.processlist WHERE db = database() AND \
                 id <> connection_id()"
            }
        };
        let sessions: Vec<Session> =
            diesel::sql_query(query).load(&mut self.observer).expect("the server's sessions");
        sessions.into_iter().map(|session| session.id).collect()
    }

    fn own_session(&self, connection: &mut impl std::ops::DerefMut<Target = Connection>) -> i64 {
        let query = match self.backend {
            Backend::Postgres => "SELECT CAST(pg_backend_pid() AS bigint) AS id",
            _ => "SELECT CAST(connection_id() AS signed) AS id",
        };
        let session: Session = diesel::sql_query(query).get_result(&mut **connection).expect("a session");
        session.id
    }
}

#[case(on_each_server)]
fn a_connection_beyond_its_lifetime_is_replaced(backend: Backend) {
    let mut watched = Watched::new(backend);
    let lifetime = Duration::from_millis(300);
    let pool = watched.pool().max_size(1).idle_timeout(None).max_lifetime(lifetime).build();
    let mut connection = pool.get().expect("a connection");
    let start = Instant::now();
    let first = watched.own_session(&mut connection);
    wait_until(LONG, "the end of its life", || start.elapsed() > lifetime);
    assert_eq!(watched.own_session(&mut connection), first, "it is not taken away from who uses it");
    drop(connection);
    let mut connection = pool.get().expect("another one");
    let second = watched.own_session(&mut connection);
    assert_ne!(first, second);
    drop(connection);
    // Also when nobody asks for one.
    wait_until(LONG, "the end of both", || watched.sessions().is_empty());
    // The server ends a session before the pool has its place back.
    wait_until(LONG, "its place", || format!("{pool:?}").ends_with("0 of 1 open, 0 idle)"));
}

#[case(on_each_server)]
fn an_idle_connection_is_closed(backend: Backend) {
    let mut watched = Watched::new(backend);
    let pool = watched.pool().max_size(3).idle_timeout(Duration::from_millis(200)).max_lifetime(None).build();
    for _ in 0..2 {
        let mut both = [pool.get(), pool.get()].map(|connection| connection.expect("a connection"));
        let ids = both.each_mut().map(|connection| watched.own_session(connection));
        let sessions = watched.sessions();
        assert!(ids.iter().all(|id| sessions.contains(id)), "{sessions:?}");
        drop(both);
        wait_until(LONG, "their end", || watched.sessions().is_empty());
    }
}

#[case(on_each_server)]
fn connections_are_kept_without_limits(backend: Backend) {
    let mut watched = Watched::new(backend);
    let pool = watched.pool().idle_timeout(None).max_lifetime(None).build();
    let mut connection = pool.get().expect("a connection");
    let first = watched.own_session(&mut connection);
    drop(connection);
    assert_eq!(watched.own_session(&mut pool.get().expect("the same one")), first);
    assert_eq!(watched.sessions(), [first]);
    drop(pool);
    wait_until(LONG, "its end with the pool", || watched.sessions().is_empty());
}

#[case(on_each_server)]
fn idle_connections_are_kept_ready_and_replaced(backend: Backend) {
    let mut watched = Watched::new(backend);
    let short = Duration::from_millis(300);
    let pool = watched.pool().max_size(4).min_idle(2).idle_timeout(short).max_lifetime(None).build();
    wait_until(LONG, "two that nobody asked for", || watched.sessions().len() == 2);
    let held = [pool.get(), pool.get()].map(|connection| connection.expect("a connection"));
    wait_until(LONG, "two more", || watched.sessions().len() == 4);
    drop(held);
    wait_until(LONG, "the end of those beyond two", || watched.sessions().len() == 2);
    drop(pool);
    wait_until(LONG, "the end of the pool", || watched.sessions().is_empty());
    let pool = watched.pool().min_idle(1).max_lifetime(short).build();
    let mut first = Vec::new();
    wait_until(LONG, "one that nobody asked for", || {
        first = watched.sessions();
        !first.is_empty()
    });
    wait_until(LONG, "another in its place", || {
        let sessions = watched.sessions();
        !sessions.is_empty() && sessions.iter().all(|id| !first.contains(id))
    });
    drop(pool);
}

/// A connection that is counted while it is open. The server may list it for a moment longer.
struct Counted(Connection);

/// How many are open, how many were at once at most, and how many have been opened.
static COUNTS: Mutex<[usize; 3]> = Mutex::new([0; 3]);

impl Connect for Counted {
    fn backends() -> &'static [manage::settings::Backend] {
        Connection::backends()
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let count = || {
            let [open, most, all] = &mut *COUNTS.lock().expect("the counts");
            (*open, *all) = (*open + 1, *all + 1);
            *most = (*most).max(*open);
        };
        count();
        Connection::open(settings).map(Self).inspect_err(|_| COUNTS.lock().expect("the counts")[0] -= 1)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNTS.lock().expect("the counts")[0] -= 1;
    }
}

impl Poolable for Counted {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        self.0.check(settings, limit)
    }

    fn is_broken(&mut self) -> bool {
        self.0.is_broken()
    }
}

#[case(on_each_server)]
fn a_burst_never_exceeds_the_size(backend: Backend) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    *COUNTS.lock().expect("the counts") = [0; 3];
    let watched = Watched::new(backend);
    let pool = watched
        .pool()
        .max_size(3)
        .min_idle(2)
        .max_lifetime(Duration::from_millis(50))
        .idle_timeout(Duration::from_millis(20))
        .connection_timeout(LONG)
        .build_as::<Counted>();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut connection = pool.get().expect("a connection");
                    diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                        .get_result::<i32>(&mut connection.0)
                        .expect("an answer");
                }
            });
        }
        let counts = || *COUNTS.lock().expect("the counts");
        // Until many were replaced.
        let many = manage_test_support::happens_within(LONG, || counts()[2] >= 20 || counts()[1] > 3);
        is_over.store(true, Ordering::Relaxed);
        let [_, most, all] = counts();
        assert!(many && (1..=3).contains(&most), "{most} at once, {all} in all");
    });
    drop(pool);
    // Those of the pool's thread, too.
    wait_until(LONG, "the end of the connections", || COUNTS.lock().expect("the counts")[0] == 0);
}

#[case(on_each_backend)]
fn a_full_pool_says_so_after_its_own_limit(database: TestDatabase) {
    // It also has to suffice for opening the connection, on a busy machine.
    let limit = Duration::from_secs(3);
    let mut settings = settings(database.url());
    settings.connect_timeout = LONG;
    let pool = Pool::builder(settings).max_size(1).connection_timeout(limit).build();
    let _taken = pool.get().expect("a connection");
    let start = Instant::now();
    let error = pool.get().map(drop).expect_err("it is in use");
    assert_eq!(error.reason, Reason::TimedOut);
    assert!(start.elapsed() >= limit && start.elapsed() < LONG, "{:?}", start.elapsed());
}

#[case(on_sqlite)]
fn a_database_in_memory_outlives_every_limit() {
    let short = Duration::from_millis(1);
    let pool = Pool::builder(settings(":memory:")).idle_timeout(short).max_lifetime(short).build();
    crate::things::create(&mut pool.get().expect("a connection"));
    let start = Instant::now();
    wait_until(LONG, "more than its limits", || start.elapsed() > short * 20);
    assert_eq!(crate::things::ids(&mut pool.get().expect("the same one")), [0; 0]);
}

fn pool_settings(file: &str, variables: &[(&str, &str)]) -> Result<PoolSettings, SettingsError> {
    let project = Project::new().file("manage.toml", file);
    let environment = Environment::new(variables.iter().copied(), project.folder());
    let settings = Settings::load(&Source::new(environment, None))?;
    Ok(settings.database("default").expect("a database").pool.clone())
}

#[case]
fn settings_of_pools() {
    let default = pool_settings("", &[]).expect("settings");
    assert_eq!(default, PoolSettings::default());
    assert_eq!((default.max_size, default.min_idle, default.connection_timeout), (10, 0, None));
    let file = "[pool]\nmax_size = 4\nmin_idle = 1\nidle_timeout_seconds = 0\nmax_lifetime_seconds = 60\n\
                connection_timeout_seconds = 3\n";
    let of_file = pool_settings(file, &[]).expect("settings");
    assert_eq!((of_file.max_size, of_file.min_idle, of_file.idle_timeout), (4, 1, None));
    assert_eq!(of_file.max_lifetime, Some(Duration::from_secs(60)));
    assert_eq!(of_file.connection_timeout, Some(Duration::from_secs(3)));
    let variables = [
        ("MANAGE_POOL_MAX_SIZE", "7"),
        ("MANAGE_POOL_MIN_IDLE", "0"),
        ("MANAGE_POOL_IDLE_TIMEOUT", "5"),
        ("MANAGE_POOL_MAX_LIFETIME", "0"),
    ];
    let of_variables = pool_settings(file, &variables).expect("settings");
    assert_eq!((of_variables.max_size, of_variables.min_idle, of_variables.max_lifetime), (7, 0, None));
    assert_eq!(of_variables.idle_timeout, Some(Duration::from_secs(5)));
    assert_eq!(of_variables.connection_timeout, Some(Duration::from_secs(3)), "the file's");
}

#[case]
fn settings_of_pools_that_cannot_be_used() {
    for (file, variable, words) in [
        (
            "",
            ("MANAGE_POOL_MAX_SIZE", "many"),
            "MANAGE_POOL_MAX_SIZE (environment): the pool's max_size must be",
        ),
        (
            "",
            ("MANAGE_POOL_MAX_LIFETIME", "99999999999"),
            "the pool's max_lifetime_seconds must be a whole number, at most 4294967295",
        ),
        ("", ("MANAGE_POOL_MAX_SIZE", "0"), "the pool's max_size must be a whole number, at least 1"),
        ("", ("MANAGE_POOL_IDLE_TIMEOUT", "-1"), "the pool's idle_timeout_seconds must be"),
        ("", ("MANAGE_POOL_MIN_IDLE", "11"), "the pool's min_idle is 11, more than its max_size of 10"),
        ("[pool]\nmax_size = 0\n", ("X", ""), "line 2: the pool's max_size must be"),
        ("[pool]\nconnection_timeout_seconds = 0\n", ("X", ""), "connection_timeout_seconds must be"),
        ("[pool]\nsize = 5\n", ("X", ""), "size"),
    ] {
        let error = pool_settings(file, &[variable]).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("many"), "{error}");
    }
}
