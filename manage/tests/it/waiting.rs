//! `wait_for_db`: it ends when the database can be used, and says why where it never will.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use manage_test_support::{Backend, DatabaseServer, TestDatabase, case, shared_mariadb, shared_postgres};

use crate::backends::{
    LONG, on_each_backend, on_each_server, on_sqlite, project, text, text_shows_no_password, with,
};
use crate::project::{Project, Ran};

const WAITING: &str = "**Waiting for database...**\n";
const UNAVAILABLE: &str = "**Database unavailable, waiting...**\n";
const SUCCESS: &str = "**Successfully connected to Database.**\n";

/// Runs the command, and makes sure that nothing shows a password.
#[track_caller]
fn wait(project: &Project, options: &str) -> Ran {
    let ran = project.run(&format!("wait_for_db {options}"));
    shows_none(&ran);
    ran
}

#[track_caller]
fn shows_none(ran: &Ran) {
    for password in ["hunter2", password(Backend::Postgres), password(Backend::MariaDb)] {
        text_shows_no_password(&ran.all(), password);
    }
}

/// The password of every server of these tests; none where there is no server.
fn password(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres if cfg!(feature = "postgres") => {
            shared_postgres().map_or("hunter2", |one| one.password())
        }
        Backend::MariaDb if cfg!(feature = "mysql") => {
            shared_mariadb().map_or("hunter2", |one| one.password())
        }
        _ => "hunter2",
    }
}

#[case(on_each_backend)]
fn a_database_that_is_ready_takes_no_time(database: TestDatabase) {
    let ran = wait(&project(database.url()), "");
    assert!(ran.exit.0 == 0 && ran.err.is_empty(), "{}", ran.all());
    assert!(ran.out.starts_with(&format!("{WAITING}{SUCCESS}")), "{}", ran.all());
    assert!(ran.out.lines().count() == 3 && ran.out.contains(", 1 attempt, "), "{}", ran.all());
    // The longest times that a clock cannot count to.
    let ran = wait(&project(database.url()), "--timeout 1e19 --attempt-timeout 1e19");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let ran = wait(&project(database.url()), "--verbosity 0");
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""), "{}", ran.all());
    let ran = wait(&project("sqlite:unused").env("DATABASE_URL_OTHER", database.url()), "--database other");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let ran = wait(&project(database.url()), "--database nope");
    assert_eq!((ran.exit.0, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("There is no database 'nope' in the settings."), "{}", ran.err);
}

/// Runs the command, and changes something once it has said that it waits.
fn while_waiting(url: &str, options: &str, change: impl FnOnce()) -> Ran {
    let ran = project(url).run_and_after(&format!("wait_for_db {options}"), UNAVAILABLE, change);
    shows_none(&ran);
    ran
}

#[case(on_each_server)]
fn a_server_that_starts_later_is_found(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    let url = server.url(if backend == Backend::Postgres { "postgres" } else { "mysql" });
    let ran = while_waiting(&url, "--timeout 60", || server.start_again());
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(
        ran.out.starts_with(&format!("{WAITING}{UNAVAILABLE}")) && ran.out.contains(SUCCESS),
        "{}",
        ran.all()
    );
    assert!(ran.err.contains("ECONNREFUSED: nothing listens there"), "{}", ran.err);
    assert!(ran.err.lines().count() <= 5, "one line for each reason, not for each attempt: {}", ran.err);
}

fn on_shared_server(backend: Backend) -> (fn(&str), TestDatabase) {
    let execute: fn(&str) = match backend {
        Backend::Postgres => |sql| shared_postgres().unwrap().execute(sql),
        _ => |sql| shared_mariadb().unwrap().execute(sql),
    };
    (execute, TestDatabase::new(backend))
}

#[case(on_each_server)]
fn a_database_that_is_created_later_is_found(backend: Backend) {
    let (execute, database) = on_shared_server(backend);
    let name = format!("later_{}", database.name());
    let url = database.url().replace(database.name(), &name);
    let ran = while_waiting(&url, "--fail-fast-after 60", || execute(&format!("CREATE DATABASE {name}")));
    execute(&format!("DROP DATABASE {name}"));
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(ran.out.starts_with(&format!("{WAITING}{UNAVAILABLE}{SUCCESS}")), "{}", ran.all());
    assert!(ran.err.contains("it has no such database"), "{}", ran.err);
}

#[case(on_each_server)]
fn a_user_who_is_created_later_is_found(backend: Backend) {
    let (execute, database) = on_shared_server(backend);
    let mut settings = crate::backends::settings(database.url());
    settings.user = Some("latecomer".to_owned());
    let password = settings.password.clone().expect("a password");
    let quoted = password.expose().replace('\'', "''");
    let ran = while_waiting(settings.url().expose(), "--fail-fast-after 60", || match backend {
        Backend::Postgres => execute(&format!("CREATE USER latecomer PASSWORD '{quoted}'")),
        _ => {
            let quoted = quoted.replace('\\', "\\\\");
            execute(&format!("CREATE USER latecomer IDENTIFIED BY '{quoted}'"));
            execute("GRANT ALL ON *.* TO latecomer");
        }
    });
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(ran.err.contains("refuses the password"), "{}", ran.err);
}

#[case(on_each_server)]
fn a_wrong_password_is_final(backend: Backend) {
    let database = TestDatabase::new(backend);
    let wrong = project(&with(database.url(), "password", "hunter2"));
    for (options, at_least, at_most) in
        [("--fail-fast-after 0", 0.0, 5.0), ("--fail-fast-after 0.5", 0.5, 10.0)]
    {
        let start = Instant::now();
        let ran = wait(&wrong, options);
        let took = start.elapsed().as_secs_f64();
        assert_eq!((ran.exit.0, ran.out.as_str()), (78, &*format!("{WAITING}{UNAVAILABLE}")), "{}", ran.err);
        assert!(took >= at_least && took < at_most, "{options} took {took}");
        assert!(ran.err.contains("refuses the password"), "{}", ran.err);
        assert!(ran.err.contains("the password come from DATABASE_URL (environment)"), "{}", ran.err);
    }
    // The whole time may be shorter than that: a known error is reported anyway.
    let ran = wait(&wrong, "--timeout 2");
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
}

#[case(on_each_server)]
fn time_runs_out(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    let start = Instant::now();
    let ran = wait(&project(&server.url("blog")), "--timeout 0.5 --fail-fast-after 0");
    let took = start.elapsed().as_secs_f64();
    assert_eq!((ran.exit.0, ran.out.as_str()), (124, &*format!("{WAITING}{UNAVAILABLE}")), "{}", ran.err);
    assert!((0.5..5.0).contains(&took), "{took}");
    assert!(ran.err.contains("Error: Not ready within 0.5 s: "), "{}", ran.err);
    assert!(ran.err.contains("Is the server running?"), "{}", ran.err);
}

#[case(on_each_server)]
fn a_suspended_server_is_not_ready(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("blog");
    let url = server.url("blog");
    server.pause();
    let start = Instant::now();
    let ran = wait(&project(&url), "--timeout 0.6 --attempt-timeout 0.2");
    assert_eq!((ran.exit.0, ran.out.as_str()), (124, &*format!("{WAITING}{UNAVAILABLE}")), "{}", ran.err);
    assert!(ran.err.contains("o answer in time"), "{}", ran.err);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let ran = while_waiting(&url, "--timeout 60 --attempt-timeout 1", || server.resume());
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    // One that stops answering behind a finished login is not ready either.
    server.pause();
    assert_eq!(wait(&project(&url), "--timeout 0.2").exit.0, 124);
    server.resume();
    assert_eq!(wait(&project(&url), "").exit.0, 0);
}

#[case]
fn a_setting_that_is_wrong_fails_before_the_first_attempt() {
    for url in [
        "oracle://app:hunter2@db/blog",
        "postgres://app:hunter2@db:port/blog",
        "postgres://app:hunter2@db/blog?sslmode=maybe",
        "postgres:app:hunter2@db/blog",
        "postgres://app:hunter2@db/blog?nonsense=1",
    ] {
        let start = Instant::now();
        let ran = wait(&project(url), "--timeout 30");
        assert_eq!((ran.exit.0, ran.out.as_str()), (78, ""), "{url}: {}", ran.err);
        assert!(ran.err.starts_with("Error: DATABASE_URL (environment): "), "{url}: {}", ran.err);
        assert!(start.elapsed() < LONG / 3, "nothing is waited for");
    }
}

#[case]
fn times_are_numbers_of_seconds() {
    let project = project("sqlite:a.db");
    for options in [
        "--timeout soon",
        "--timeout -1",
        "--timeout inf",
        "--timeout nan",
        "--attempt-timeout 0",
        "--timeout 1e300",
    ] {
        let ran = wait(&project, options);
        assert_eq!((ran.exit.0, ran.out.as_str()), (2, ""), "{options}: {}", ran.all());
    }
    for options in
        ["--timeout 0", "--timeout 1e9", "--timeout 1e19 --attempt-timeout 1e19", "--timeout 0.000000001"]
    {
        assert_eq!(wait(&project, options).exit.0, 0, "{options}");
    }
}

fn sqlite(project: Project, path: &std::path::Path) -> Project {
    project.env("DATABASE_URL", &format!("sqlite:{}", text(path)))
}

#[case(on_sqlite)]
fn a_file_that_is_not_there_yet_is_ready_and_not_made() {
    let new = Project::new();
    let path = new.folder().join("ünïcödé db.sqlite3");
    let ran = wait(&sqlite(new, &path), "");
    assert!(ran.exit.0 == 0 && ran.out.starts_with(&format!("{WAITING}{SUCCESS}")), "{}", ran.all());
    assert!(!path.exists());
    let ran = wait(&Project::new(), "");
    assert_eq!(ran.exit.0, 0, "without any settings: {}", ran.all());
}

#[case(on_sqlite)]
fn a_folder_that_is_missing_is_an_error() {
    let new = Project::new();
    let path = new.folder().join("none/db.sqlite3");
    let project = sqlite(new, &path);
    let ran = wait(&project, "--fail-fast-after 0");
    assert_eq!((ran.exit.0, ran.out.as_str()), (78, &*format!("{WAITING}{UNAVAILABLE}")), "{}", ran.err);
    assert!(
        ran.err.contains("none does not exist)") && ran.err.contains("Hint: Create the directory"),
        "{}",
        ran.err
    );
    // A volume may be mounted a little later.
    let make = || fs::create_dir(path.parent().expect("a folder")).expect("a folder");
    let ran = project.run_and_after("wait_for_db --fail-fast-after 30", UNAVAILABLE, make);
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
}

#[case(on_sqlite)]
fn a_file_that_is_no_database_is_an_error() {
    let nonsense = format!("SQLite format 3\0{}", "nonsense ".repeat(500));
    for content in
        ["a text that is longer than sixteen bytes", "short", "SQLite format 4\0 and more", &nonsense]
    {
        let project = Project::new().file("db.sqlite3", content);
        let path = project.folder().join("db.sqlite3");
        let ran = wait(&sqlite(project, &path), "--fail-fast-after 0");
        assert_eq!(ran.exit.0, 78, "{content}\n{}", ran.all());
        assert!(
            ran.err.contains("db.sqlite3: The file cannot be used (") && ran.err.contains("not a"),
            "{}",
            ran.err
        );
    }
    let project = Project::new().file("folder/x", "");
    let path = project.folder().join("folder");
    let ran = wait(&sqlite(project, &path), "--fail-fast-after 0");
    assert!(ran.exit.0 == 78 && ran.err.contains("it is a directory"), "{}", ran.all());
}

#[case(on_sqlite)]
fn a_folder_that_may_not_be_entered_is_an_error() {
    let project = Project::new().file("closed/db.sqlite3", "");
    let closed = project.folder().join("closed");
    let path = closed.join("db.sqlite3");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("a mode");
    let may_enter_all_the_same = fs::read_dir(&closed).is_ok();
    let ran = wait(&sqlite(project, &path), "--fail-fast-after 0");
    // The superuser may enter every directory.
    assert_eq!(ran.exit.0, if may_enter_all_the_same { 0 } else { 78 }, "{}", ran.all());
}
