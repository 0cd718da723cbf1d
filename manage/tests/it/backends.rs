//! Real databases: which of them this build can use, and what the tests of several modules do with them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use manage::Program;
use manage::clap::ArgMatches;
use manage::command::Command;
use manage::database::{ConnectError, Connection, Reason, probe};
use manage::prelude::*;
use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::{Backend, CaseName, Need, Suite, TestDatabase};

use crate::project::{Project, Ran};

/// Long enough for a busy machine: only a failing test waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// `#[case(on_each_backend)]`: a test for each kind of database that this program was built for.
pub(crate) fn on_each_backend(suite: &mut Suite, name: &CaseName, test: fn(TestDatabase)) {
    on_sqlite(suite, name, move || test(TestDatabase::sqlite()));
    on_postgres(suite, name, move || test(TestDatabase::postgres()));
    on_mariadb(suite, name, move || test(TestDatabase::mariadb()));
}

/// `#[case(on_each_server)]`: a test for each kind of server.
pub(crate) fn on_each_server(suite: &mut Suite, name: &CaseName, test: fn(Backend)) {
    on_postgres(suite, name, move || test(Backend::Postgres));
    on_mariadb(suite, name, move || test(Backend::MariaDb));
}

/// `#[case(on_each_tls_server)]`: the same, where the server offers TLS.
pub(crate) fn on_each_tls_server(suite: &mut Suite, name: &CaseName, test: fn(Backend)) {
    on_postgres_with_tls(suite, name, move || test(Backend::Postgres));
    on_mariadb(suite, name, move || test(Backend::MariaDb));
}

pub(crate) fn on_sqlite(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "sqlite") {
        suite.test(name.on("sqlite"), test);
    }
}

pub(crate) fn on_postgres(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::Postgres, name.on("postgres"), test);
    }
}

pub(crate) fn on_postgres_with_tls(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::PostgresTls, name.on("postgres"), test);
    }
}

pub(crate) fn on_mariadb(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "mysql") {
        suite.needs(Need::MariaDb, name.on("mariadb"), test);
    }
}

pub(crate) fn behind_pgbouncer(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::PgBouncer, name.on("pgbouncer"), test);
    }
}

pub(crate) fn settings(url: &str) -> DatabaseSettings {
    let mut settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
    settings.connect_timeout = LONG;
    settings
}

pub(crate) fn connect(database: &TestDatabase) -> Connection {
    open(database.url())
}

pub(crate) fn open(url: &str) -> Connection {
    Connection::open(&settings(url)).unwrap_or_else(|error| panic!("{error}"))
}

/// Asks a database that cannot be used, and makes sure that the answer shows no password.
#[track_caller]
pub(crate) fn refused(settings: &DatabaseSettings) -> ConnectError {
    refused_within(settings, LONG)
}

#[track_caller]
pub(crate) fn refused_within(settings: &DatabaseSettings, limit: Duration) -> ConnectError {
    let error = probe(settings, limit).expect_err("the database is not ready");
    let password = settings.password.as_ref().map(|password| password.expose());
    shows_no_password(&error, password.unwrap_or_default());
    error
}

/// The reason and the code of an answer, in one value to compare.
pub(crate) fn reported(error: &ConnectError) -> (Reason, Option<&str>) {
    (error.reason, error.code.as_deref())
}

/// No way to show an error may show the password, be it plain, quoted by Rust or as a URL has it.
#[track_caller]
pub(crate) fn shows_no_password(error: &ConnectError, password: &str) {
    if password.is_empty() {
        return;
    }
    let command_error = manage::CommandError::from(error.clone());
    let anyhow = anyhow::Error::from(error.clone());
    let shown = [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        error.hint.clone().unwrap_or_default(),
        format!("{command_error} {command_error:?} {command_error:#?}"),
        format!("{anyhow} {anyhow:?} {anyhow:#}"),
    ];
    shown.iter().for_each(|text| text_shows_no_password(text, password));
}

#[track_caller]
pub(crate) fn text_shows_no_password(text: &str, password: &str) {
    let quoted = format!("{password:?}");
    for form in [password, quoted.trim_matches('"'), &url_part(password)] {
        assert!(!text.contains(form), "the password shows in: {text}");
    }
}

/// A part of a URL that means this text.
pub(crate) fn url_part(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A URL with one more parameter.
pub(crate) fn with(url: &str, name: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{name}={}", url_part(value))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A project whose database is this one.
pub(crate) fn project(url: &str) -> Project {
    Project::new().env("DATABASE_URL", url)
}

/// Runs a function as a command of a project with this database.
pub(crate) fn in_command(url: &str, work: fn(&mut Context) -> Result<()>) -> Ran {
    struct Work(fn(&mut Context) -> Result<()>);

    impl Command for Work {
        fn name(&self) -> &str {
            "work"
        }

        fn run(&self, cx: &mut Context, _: &ArgMatches) -> Result<Exit> {
            (self.0)(cx).map(|()| Exit::SUCCESS)
        }
    }

    let program = Program::new(&["it"]).with_command("it", Arc::new(Work(work)));
    Project::with(program).env("DATABASE_URL", url).run("work")
}

/// A database on the shared server with its settings.
pub(crate) fn shared_database(backend: Backend) -> (TestDatabase, DatabaseSettings) {
    let database = TestDatabase::new(backend);
    let settings = settings(database.url());
    (database, settings)
}
