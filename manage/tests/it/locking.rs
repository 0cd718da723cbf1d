//! The lock under which migrations run.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use manage::__private::internals::{Lock, LockError, LockRequest};
use manage::database::Connection;
use manage_test_support::{Backend, TestDatabase, case, shared_mariadb, shared_postgres, wait_until};

use crate::backends::{
    LONG, behind_pgbouncer, connect, on_each_backend, on_each_server, on_sqlite, open, project, settings,
};
use crate::migrating::{NAMES, applying, done, shown, tables};
use crate::pooling::{pooler, state_of_holder};

/// Who takes the lock here.
const OWNER: &str = "it migrate 4242@here";

const WAITS: LockRequest<'_> = LockRequest { owner: OWNER, is_pooled: false, timeout: None };
const TRIES: LockRequest<'_> = LockRequest { timeout: Some(Duration::ZERO), ..WAITS };

/// Takes the lock, which is free.
#[track_caller]
pub(crate) fn hold(connection: &mut Connection, url: &str) -> Lock {
    Lock::acquire(connection, &settings(url), WAITS, |_| (), drop).expect("the lock")
}

fn is_free(database: &TestDatabase) -> bool {
    match Lock::acquire(&mut connect(database), &settings(database.url()), TRIES, |_| (), drop) {
        Ok(_) => true,
        Err(LockError::Held(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[case(on_each_backend)]
fn it_is_exclusive_and_ends_with_its_session(database: TestDatabase) {
    let mut connection = connect(&database);
    let mut waited = 0;
    let lock = Lock::acquire(&mut connection, &settings(database.url()), WAITS, |_| waited += 1, drop)
        .expect("the lock");
    assert_eq!(waited, 0);
    assert!(!is_free(&database));
    let (sender, receiver) = std::sync::mpsc::channel();
    let (url, start) = (database.url().to_owned(), Instant::now());
    let waiting = thread::spawn(move || {
        let settings = settings(&url);
        let mut connection = manage::database::Connection::open(&settings).expect("a connection");
        Lock::acquire(&mut connection, &settings, WAITS, |_| sender.send(()).expect("a listener"), drop)
            .map(drop)
    });
    receiver.recv_timeout(LONG).expect("it says that it waits");
    assert!(!waiting.is_finished());
    drop((lock, connection));
    waiting.join().expect("no panic").expect("the lock");
    assert!(start.elapsed() < LONG);
    // A server ends a closed session in its own time.
    wait_until(LONG, "the session has ended", || is_free(&database));
}

#[case(on_each_backend)]
fn it_is_waited_for_no_longer_than_allowed(database: TestDatabase) {
    let mut connection = connect(&database);
    let _lock = hold(&mut connection, database.url());
    let start = Instant::now();
    let ran = project(database.url()).run("migrate --lock-timeout 1");
    let took = start.elapsed();
    assert_eq!(ran.exit.0, 124, "{}", ran.all());
    let holder = ran.out.strip_prefix("Another process is migrating this database: ").expect(&ran.out);
    let holder = holder.strip_suffix("; waiting for it to finish...\n").expect(holder);
    let error =
        format!("Error: Another process is migrating this database and did not finish in time: {holder}.\n");
    match database.backend() {
        Backend::Sqlite => {
            assert!(holder.starts_with("it migrate 4242@here, since 20"), "{holder}");
            assert!(ran.err.starts_with(&error) && !ran.err.contains("end its session"), "{}", ran.err);
        }
        Backend::Postgres => {
            let pid = holder.rsplit_once("(process ").expect(holder).1;
            let pid = pid.strip_suffix(" of the server)").expect(holder);
            assert!(holder.contains(", user ") && holder.contains(", connected since 20"), "{holder}");
            let hint = format!("end its session: SELECT pg_terminate_backend({pid});");
            assert!(ran.err.starts_with(&error) && ran.err.contains(&hint), "{}", ran.all());
            connect(&database)
                .batch_execute(&format!("SELECT pg_terminate_backend({pid})"))
                .expect("the SQL of the hint");
        }
        Backend::MariaDb => {
            assert!(holder.starts_with("tester@") && holder.contains(", idle for "), "{holder}");
            // The time goes on.
            assert!(ran.err.contains("did not finish in time: tester@"), "{}", ran.err);
            let (_, id) = ran.err.split_once("end its session: KILL ").expect(&ran.err);
            let id = id.split_once(';').expect(id).0;
            connect(&database).batch_execute(&format!("KILL {id}")).expect("the SQL of the hint");
        }
    }
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(10), "{took:?}");
    assert_eq!(tables(&database), 0);
    // Looking needs no lock.
    assert_eq!(done(&project(database.url()), "showmigrations"), shown(0));
    assert!(done(&project(database.url()), "migrate --plan").contains("  Apply "));
    if database.backend() != Backend::Sqlite {
        wait_until(LONG, "the session has ended", || is_free(&database));
    }
}

#[case(on_each_backend)]
fn it_is_for_one_database(database: TestDatabase) {
    let mut connection = connect(&database);
    let _lock = hold(&mut connection, database.url());
    let other = TestDatabase::new(database.backend());
    assert_eq!(done(&project(other.url()), "migrate --lock-timeout 0"), applying(&NAMES));
}

#[case(on_each_server)]
fn it_ends_with_a_killed_session(backend: Backend) {
    let database = TestDatabase::new(backend);
    let mut connection = connect(&database);
    let _lock = hold(&mut connection, database.url());
    assert!(!is_free(&database));
    match backend {
        Backend::Postgres => shared_postgres().unwrap().execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            database.name()
        )),
        _ => {
            let server = shared_mariadb().unwrap();
            let query = format!(
                "SELECT id FROM information_schema.processlist WHERE db = '{}' AND COALESCE(info, '') NOT LIKE '%information_schema%'",
                database.name()
            );
            let ids = server.query_value(&query);
            ids.lines().for_each(|id| server.execute(&format!("KILL {id}")));
        }
    }
    wait_until(LONG, "the server has noticed", || is_free(&database));
    assert!(connection.batch_execute("SELECT 1").is_err(), "its holder hears of it");
}

#[case(behind_pgbouncer)]
fn it_is_a_transactions() {
    let (database, _pooler, url) = pooler(&[]);
    // What migrates prepares statements, which not every pooler understands: it takes the direct way here.
    let mut connection = connect(&database);
    let mut acquire = |request| {
        let request = LockRequest { is_pooled: true, ..request };
        Lock::acquire(&mut connection, &settings(&url), request, |_| (), drop)
    };
    let lock = acquire(WAITS).expect("the lock");
    assert!(!is_free(&database), "the lock is the same on the direct way");
    let Err(error @ LockError::Held(_)) = acquire(TRIES) else { panic!("it is held") };
    let error = error.to_string();
    assert!(
        error.contains(": it migrate 4242@here, user ") && error.contains(", which belongs to the pooler."),
        "{error}"
    );
    assert_eq!(state_of_holder(&database), "idle in transaction");
    drop(lock);
    // A server ends a closed session in its own time.
    wait_until(LONG, "the session has ended", || is_free(&database));
    assert_eq!(state_of_holder(&database), "", "no session of the pooler's keeps it");
}

#[case(behind_pgbouncer)]
fn a_pool_of_one() {
    for mode in ["pool_mode = transaction", "pool_mode = session"] {
        let (database, _pooler, url) = pooler(&["default_pool_size = 1", mode]);
        let ran = project(&format!("{url}?connect_timeout=2")).run("migrate");
        assert_eq!((ran.exit.0, ran.out.as_str(), tables(&database)), (1, "", 0), "{mode}\n{}", ran.all());
        let reported =
            ran.err.contains("does not answer in time") && ran.err.contains("does the pool have two?");
        assert!(reported, "{mode}\n{}", ran.all());
        wait_until(LONG, "the lock is free", || state_of_holder(&database).is_empty());
    }
}

/// Where there is no room for the lock's own connection, nothing is done; never is the lock one of a session
/// of the pooler's.
#[case(behind_pgbouncer)]
fn no_room_for_it() {
    let (database, _pooler, url) = pooler(&["max_client_conn = 1"]);
    let ran = project(&url).run("migrate");
    assert_eq!((ran.exit.0, ran.out.as_str(), tables(&database)), (1, "", 0), "{}", ran.all());
    assert!(ran.err.contains("Cannot acquire the migration lock: "), "{}", ran.all());
    assert_eq!(state_of_holder(&database), "");
}

#[case(behind_pgbouncer)]
fn statements_that_got_lost_are_explained() {
    let (_database, _pooler, url) = pooler(&[]);
    // The pooler gives the next client the session in which this one has prepared statements.
    let _first = open(&url);
    let ran = project(&url).run("migrate");
    let reported = "Hint: A pooler seems to give each transaction another session of the server";
    // From 1.21 on PgBouncer keeps them apart.
    assert!(ran.exit.0 == 0 || (ran.exit.0 == 1 && ran.err.contains(reported)), "{}", ran.all());
    assert_eq!(ran.exit.0 == 0, !ran.err.contains("s0"), "{}", ran.all());
}

#[case(on_sqlite)]
fn it_is_the_files_own_however_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("real.db");
    let plain = format!("sqlite:{}", path.display());
    done(&project(&plain), "migrate zero");
    std::os::unix::fs::symlink(&path, folder.path().join("link.db")).expect("a link");
    let mut connection = open(&plain);
    let lock = hold(&mut connection, &plain);
    let names = [
        format!("file:{}", path.display()),
        format!("file://{}?mode=rw", path.display()),
        format!(
            "sqlite:{}",
            folder.path().join("../").join(folder.path().file_name().unwrap()).join("real.db").display()
        ),
        format!("sqlite:{}", folder.path().join("link.db").display()),
    ];
    for name in &names {
        let ran = project(name).run("migrate --lock-timeout 0");
        assert_eq!(ran.exit.0, 124, "{name}\n{}", ran.all());
    }
    drop(lock);
    for name in &names {
        done(&project(name), "migrate --lock-timeout 0");
    }
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|file| file.file_name()).collect();
    files.sort();
    assert_eq!(files, ["link.db", "real.db"], "the lock's file is gone");
}

#[case(on_sqlite)]
fn a_database_in_memory_needs_none() {
    for name in [":memory:", "file::memory:", "file:a?mode=memory"] {
        assert_eq!(done(&project(name), "migrate"), applying(&NAMES), "{name}");
    }
    let here: Vec<_> =
        std::fs::read_dir(".").expect("a folder").flatten().map(|file| file.file_name()).collect();
    let mut left = here.iter().map(|name| name.to_string_lossy()).filter(|name| name.contains("memory"));
    assert_eq!(left.next(), None);
}
