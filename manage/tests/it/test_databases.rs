//! The databases of `manage::testing`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use manage::Program;
use manage::database::Connection;
use manage::prelude::*;
use manage::settings::{Backend, DatabaseSettings, Origin};
use manage::testing::{Project, TestDatabase};
use manage_test_support::{self as servers, Postgres, case};

use crate::backends::{
    LONG, on_each_backend, on_each_server, on_postgres, open, settings, text_shows_no_password,
};

/// A program with two migrations: see below.
fn program() -> Program {
    Program::new(&["tested"])
}

// What `manage::migrations!` writes, for apps that are no crates of their own.
use manage::__private::inventory;
macro_rules! migrations_of {
    ($app:literal, $folder:literal) => {
        inventory::submit! {
            manage::__private::MigrationsRegistration::new(
                &[manage::__private::Part::Folder(
                    None,
                    $folder,
                    manage::__private::embedded_migrations!(manage $folder),
                )],
                (concat!($app, "::migrations"), file!(), line!()),
                env!("CARGO_MANIFEST_DIR"),
            )
        }
    };
}
migrations_of!("tested", "tests/it/tested/notes");
migrations_of!("tested_more", "tests/it/tested/more");
migrations_of!("tested_broken", "tests/it/tested/broken");

diesel::table! {
    notes (id) {
        id -> Integer,
        words -> Text,
    }
}

fn count(connection: &mut Connection) -> i64 {
    notes::table.count().get_result(connection).expect("the table is there")
}

fn insert(connection: &mut Connection, id: i32) {
    diesel::insert_into(notes::table)
        .values((notes::id.eq(id), notes::words.eq("words")))
        .execute(connection)
        .expect("a row");
}

#[case(on_each_backend)]
fn a_database_has_the_tables_and_goes(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let database = TestDatabase::create(&program(), server).expect("a database");
    assert_ne!(database.settings().name, server.name);
    assert_eq!(count(&mut database.connect().expect("a connection")), 1, "the second migration has a row");
    let copy = database.settings().clone();
    assert!(!format!("{database:?} {}", database.settings()).contains("@:"));
    let project = Project::new(program()).with_test_database(database);
    project.run(["migrate", "--check"]).expect_success();
    insert(&mut project.connect(), 2);
    assert_eq!(count(&mut project.connect()), 2);
    let shown = project.run(["check", "--database", "default"]).expect_success().to_string();
    assert!(!shown.contains(&copy.name), "{shown}");
    // Another alias, and no tables.
    let mut archive = TestDatabase::empty(server).expect("a database");
    assert!(archive.connect().expect("a connection").batch_execute("SELECT * FROM notes").is_err());
    archive = TestDatabase::empty(&server.clone().with_alias("archive")).expect("another");
    let project = project.with_test_database(archive);
    project.run(["migrate", "--check", "--database", "archive"]).expect_exit(1);
    project.run(["migrate", "--database", "archive"]).expect_success();
    assert_eq!(count(&mut project.database("archive").connect().expect("a connection")), 1);
    drop(project);
    gone(&copy);
}

/// There is no such database any more.
#[track_caller]
fn gone(settings: &DatabaseSettings) {
    match settings.backend {
        Backend::Sqlite => assert!(!std::path::Path::new(&settings.name).exists()),
        _ => {
            let error = Connection::open(settings).map(drop).expect_err("it was dropped");
            assert_eq!(error.reason, manage::database::Reason::NoDatabase, "{error}");
        }
    }
}

#[case(on_each_backend)]
fn a_panic_drops_it_and_cuts_connections(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = server.clone();
    let panicked = thread::spawn(move || {
        let database = TestDatabase::create(&program(), &server).expect("a database");
        let mut connection = database.connect().expect("a connection");
        let mut idle = database.connect().expect("a connection");
        // One is in the middle of a transaction, and neither is closed before the database goes.
        connection.batch_execute("BEGIN").expect("a transaction");
        insert(&mut connection, 7);
        idle.batch_execute("SELECT 1").expect("an answer");
        sender.send((database.settings().clone(), connection, idle)).expect("it listens");
        std::panic::resume_unwind(Box::new("a test that fails"));
    })
    .join();
    panicked.expect_err("it panics");
    let (settings, mut connection, _idle) = receiver.recv().expect("it was sent");
    gone(&settings);
    if settings.backend != Backend::Sqlite {
        connection.batch_execute("SELECT 1").expect_err("the server has ended it");
    }
}

#[case(on_each_backend)]
fn many_at_once_do_not_disturb_each_other(server: servers::TestDatabase) {
    let server = &settings(server.url());
    let names: Vec<String> = thread::scope(|scope| {
        let tests: Vec<_> = (0..50)
            .map(|number| {
                scope.spawn(move || {
                    let database = TestDatabase::create(&program(), server).expect("a database");
                    let project = Project::new(program()).with_test_database(database);
                    insert(&mut project.connect(), 100 + number);
                    assert_eq!(count(&mut project.connect()), 2, "only one's own row");
                    let called = project.call(|cx| Ok(cx.database("default")?.name.clone()));
                    called.expect_success()
                })
            })
            .collect();
        tests.into_iter().map(|test| test.join().expect("no panic")).collect()
    });
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), 50);
    for name in names {
        gone(&server.clone().with_name(name));
    }
}

/// The variable that turns this test program into one that makes a database, says its name, and waits for the
/// end.
const HOLD: &str = "MANAGE_TEST_HOLD";

/// The variable that turns it into one that also has databases for reuse: one in use, and one that waits for a
/// test.
const REUSE: &str = "MANAGE_TEST_HOLD_REUSE";

/// What the test program does instead of its tests, where the variable is set.
pub(crate) fn hold() -> bool {
    let Ok(url) = std::env::var(HOLD) else { return false };
    let mut stdout = std::io::stdout();
    let server = settings(&url);
    let create = || -> manage::Result<_> {
        let mut held = vec![TestDatabase::create(&program(), &server)?];
        let mut names = held[0].settings().name.clone();
        if std::env::var_os(REUSE).is_some() {
            let waiting = TestDatabase::reuse(&program(), &server)?;
            held.push(TestDatabase::reuse(&program(), &server)?);
            names = format!("{names} {} {}", held[1].settings().name, waiting.settings().name);
        }
        Ok((held, names))
    };
    match create() {
        Ok((_held, names)) => {
            let _ = writeln!(stdout, "{names}");
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        }
        Err(error) => {
            let _ = writeln!(stdout, "failed: {error:#}");
        }
    }
    true
}

/// Another test process, which has made a database and lives.
struct Other {
    process: std::process::Child,
    database: DatabaseSettings,
    /// Its databases for reuse.
    reused: Vec<DatabaseSettings>,
}

impl Other {
    fn start(url: &str) -> std::process::Child {
        Self::start_with(url, &[])
    }

    fn start_with(url: &str, variables: &[(&str, &str)]) -> std::process::Child {
        Command::new(std::env::current_exe().expect("this program"))
            .env(HOLD, url)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process")
    }

    fn ready(mut process: std::process::Child, url: &str) -> Self {
        let stdout = process.stdout.take().expect("a pipe");
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("its name");
        assert!(line.starts_with("manage_test_"), "{line}");
        let mut databases = line.split_whitespace().map(|name| settings(url).with_name(name.to_owned()));
        let database = databases.next().expect("a name");
        Self { process, database, reused: databases.collect() }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[case(on_each_server)]
fn what_a_killed_process_left_is_swept(backend: servers::Backend) {
    let server = servers::DatabaseServer::start(backend);
    let name = "held";
    server.create_database(name);
    let url = server.url(name);
    let [mut killed, living] =
        [Other::start(&url), Other::start(&url)].map(|process| Other::ready(process, &url));
    // A name that is nobody's, however much it looks like one.
    server.create_database("manage_test_precious");
    killed.process.kill().expect("SIGKILL");
    killed.process.wait().expect("it ends");
    open_settings(&killed.database);
    // Its session ends a moment later. Each process sweeps when it begins.
    servers::wait_until(LONG, "the database is swept away", || {
        let next = Other::ready(Other::start(&url), &url);
        assert_ne!(next.database.name, killed.database.name);
        Connection::open(&killed.database).is_err()
    });
    gone(&killed.database);
    open_settings(&living.database);
    open_settings(&settings(&server.url("manage_test_precious")));
    open_settings(&settings(&url));
}

#[case(on_each_server)]
fn databases_for_reuse_of_a_killed_process_are_swept(backend: servers::Backend) {
    let server = servers::DatabaseServer::start(backend);
    server.create_database("held");
    let url = server.url("held");
    let start = || Other::start_with(&url, &[(REUSE, "yes")]);
    let [mut killed, living] = [start(), start()].map(|process| Other::ready(process, &url));
    assert_eq!(killed.reused.len(), 2);
    killed.process.kill().expect("SIGKILL");
    killed.process.wait().expect("it ends");
    killed.reused.iter().for_each(open_settings);
    servers::wait_until(LONG, "the databases are swept away", || {
        drop(Other::ready(Other::start(&url), &url));
        killed.reused.iter().all(|database| Connection::open(database).is_err())
    });
    killed.reused.iter().for_each(gone);
    living.reused.iter().for_each(open_settings);
}

#[track_caller]
fn open_settings(settings: &DatabaseSettings) {
    Connection::open(settings).map(drop).unwrap_or_else(|error| panic!("{error}"));
}

#[case(on_each_server)]
fn without_the_right_to_create_databases(backend: servers::Backend) {
    let server = servers::DatabaseServer::start(backend);
    server.create_database("shop");
    let mut connection = open(&server.url("shop"));
    let hint = match &server {
        servers::DatabaseServer::Postgres(_) => {
            connection.batch_execute("CREATE ROLE poor LOGIN PASSWORD 's3cret word'").expect("a role");
            "ALTER ROLE \"poor\" CREATEDB;"
        }
        servers::DatabaseServer::MariaDb(_) => {
            connection.batch_execute("CREATE USER poor IDENTIFIED BY 's3cret word'").expect("a user");
            connection.batch_execute("GRANT ALL PRIVILEGES ON shop.* TO poor").expect("a right");
            "GRANT ALL PRIVILEGES ON `manage\\_test\\_%`.* TO 'poor'@'%';"
        }
    };
    let url = server.url_as("127.0.0.1", "poor", "s3cret word", "shop");
    let error = TestDatabase::create(&program(), &settings(&url)).expect_err("it may not");
    let reported = error.downcast_ref::<CommandError>().expect("its own error");
    assert!(reported.hints().iter().any(|known| known.contains(hint)), "{reported:?}");
    assert!(reported.hints().iter().any(|known| known.contains("TEST_DATABASE_URL")), "{reported:?}");
    text_shows_no_password(&format!("{error:?} {error:#}"), "s3cret word");
    // The hint is what helps.
    connection.batch_execute(hint).expect("the hint is SQL");
    let database = TestDatabase::create(&program(), &settings(&url)).expect("now it may");
    assert_eq!(count(&mut database.connect().expect("a connection")), 1);
    let copy = database.settings().clone();
    drop(database);
    let missing = Connection::open(&copy).map(drop).expect_err("it was dropped");
    assert!(!missing.reason.is_transient(), "{missing}");
}

#[case(on_each_server)]
fn without_a_server(backend: servers::Backend) {
    let scheme = if backend == servers::Backend::Postgres { "postgres" } else { "mysql" };
    let url = format!("{scheme}://app:s3cret@127.0.0.1:{}/app", servers::free_port());
    let error = TestDatabase::create(&program(), &settings(&url)).expect_err("nothing listens");
    let reported = error.downcast_ref::<CommandError>().expect("its own error");
    assert!(reported.to_string().contains("refuses the connection (ECONNREFUSED"), "{reported}");
    assert!(reported.hints().iter().any(|hint| hint.contains("TEST_DATABASE_URL")), "{reported:?}");
    text_shows_no_password(&format!("{error:?}"), "s3cret");
    let panic = std::panic::catch_unwind(|| {
        let bad = DatabaseSettings::from_url("default", &url, Origin::Code).expect("a URL");
        TestDatabase::empty(&bad).map(drop)
    });
    panic.expect("an error, not a panic").expect_err("nothing listens");
}

#[case(on_each_server)]
fn a_migration_that_fails_leaves_nothing(backend: servers::Backend) {
    let server = servers::DatabaseServer::start(backend);
    server.create_database("shop");
    let broken = Program::new(&["tested", "tested_broken"]);
    let like = settings(&server.url("shop"));
    for _ in 0..2 {
        let error = TestDatabase::create(&broken, &like).expect_err("its SQL is wrong");
        assert!(format!("{error:#}").contains("2026-03-01-000000_broken"), "{error:#}");
    }
    assert_eq!(ours(&mut open(&server.url("shop"))), [""; 0]);
    // And the server is as good as before.
    TestDatabase::create(&program(), &like).expect("a database");
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// The databases of ours that are there.
fn ours(connection: &mut Connection) -> Vec<String> {
    let sql = match connection.backend() {
        Backend::Postgres => {
            "SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'manage%' ORDER BY 1"
        }
        _ => {
            "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name LIKE 'manage%' ORDER BY 1"
        }
    };
    let rows: Vec<Name> = diesel::sql_query(sql).load(connection).expect("the databases");
    rows.into_iter().map(|row| row.name).collect()
}

fn fresh_postgres() -> (Postgres, String) {
    let server = Postgres::start().unwrap();
    server.create_database("shop");
    let url = server.url("shop");
    (server, url)
}

#[case(on_postgres)]
fn the_template_is_made_once_by_many_processes() {
    let (server, url) = fresh_postgres();
    let starting: Vec<_> = (0..8).map(|_| Other::start(&url)).collect();
    let others: Vec<Other> = starting.into_iter().map(|process| Other::ready(process, &url)).collect();
    for other in &others {
        assert_eq!(count(&mut Connection::open(&other.database).expect("a connection")), 1);
    }
    let names = ours(&mut open(&url));
    let templates = names.iter().filter(|name| name.starts_with("manage_template_shop_")).count();
    assert_eq!((templates, names.len()), (1, 9), "{names:?}");
    assert_eq!(server.log().matches("deadlock").count(), 0);
}

#[case(on_postgres)]
fn templates_follow_the_migrations() {
    let (_server, url) = fresh_postgres();
    let (like, mut connection) = (settings(&url), open(&url));
    drop(TestDatabase::create(&program(), &like).expect("a database"));
    let first = ours(&mut connection);
    assert_eq!(first.len(), 1, "{first:?}");
    drop(TestDatabase::create(&program(), &like).expect("a copy"));
    assert_eq!(ours(&mut connection), first);
    let more = Program::new(&["tested", "tested_more"]);
    let database = TestDatabase::create(&more, &like).expect("a database");
    database
        .connect()
        .expect("a connection")
        .batch_execute("SELECT more FROM notes")
        .expect("the new column");
    drop(database);
    assert_eq!(ours(&mut connection).len(), 2, "those of another branch of the project stay");
    // A week later nobody has used the second one; the next process looks.
    let second =
        ours(&mut connection).into_iter().find(|name| !first.contains(name)).expect("another template");
    connection
        .batch_execute(&format!("COMMENT ON DATABASE {second} IS 'last used on day 20000'"))
        .expect("a comment");
    let other = Other::ready(Other::start(&url), &url);
    let left = [first[0].clone(), other.database.name.clone()];
    assert_eq!(BTreeSet::from_iter(ours(&mut connection)), BTreeSet::from(left));
}

#[case(on_postgres)]
fn a_template_that_vanishes_is_made_anew() {
    let (_server, url) = fresh_postgres();
    let (like, mut connection) = (settings(&url), open(&url));
    drop(TestDatabase::create(&program(), &like).expect("a database"));
    for name in ours(&mut connection) {
        connection.batch_execute(&format!("DROP DATABASE {name}")).expect("it is dropped");
    }
    let database = TestDatabase::create(&program(), &like).expect("a database");
    assert_eq!(count(&mut database.connect().expect("a connection")), 1);
}
