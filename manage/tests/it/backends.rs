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
use manage_test_servers::{
    Backend, MariaDb, Need, Postgres, Suite, TestDatabase, shared_mariadb, shared_postgres,
};

use crate::project::{Project, Ran};

/// Long enough for a busy machine: only a failing test waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Adds a test for each kind of database that this build has a driver for.
pub(crate) fn on_each_backend(suite: &mut Suite, module: &str, name: &str, test: fn(TestDatabase)) {
    if cfg!(feature = "sqlite") {
        suite.test(format!("{module}::sqlite::{name}"), move || test(TestDatabase::sqlite()));
    }
    on_each_server(suite, module, name, move |backend| test(TestDatabase::new(backend)));
}

/// The same without SQLite. The test chooses or starts a server of this kind.
pub(crate) fn on_each_server<F>(suite: &mut Suite, module: &str, name: &str, test: F)
where
    F: Fn(Backend) + Clone + Send + 'static,
{
    on_each_server_with(Need::Postgres, suite, module, name, test);
}

/// The same for servers that can encrypt.
pub(crate) fn on_each_tls_server(suite: &mut Suite, module: &str, name: &str, test: fn(Backend)) {
    on_each_server_with(Need::PostgresTls, suite, module, name, test);
}

fn on_each_server_with<F>(postgres: Need, suite: &mut Suite, module: &str, name: &str, test: F)
where
    F: Fn(Backend) + Clone + Send + 'static,
{
    if cfg!(feature = "postgres") {
        let test = test.clone();
        suite.needs(postgres, format!("{module}::postgres::{name}"), move || test(Backend::Postgres));
    }
    if cfg!(feature = "mysql") {
        suite.needs(Need::MariaDb, format!("{module}::mariadb::{name}"), move || test(Backend::MariaDb));
    }
}

/// A server that one test has for itself.
pub(crate) enum Server {
    Postgres(Postgres),
    MariaDb(MariaDb),
}

/// Writes methods that both servers have.
macro_rules! both {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(pub(crate) fn $name(&self, $($argument: $type),*) -> $answer {
            match self {
                Self::Postgres(server) => server.$name($($argument),*),
                Self::MariaDb(server) => server.$name($($argument),*),
            }
        })+
    };
}

impl Server {
    pub(crate) fn start(backend: Backend) -> Self {
        let server = Self::prepare(backend);
        server.start_again();
        server
    }

    /// It does not run yet.
    pub(crate) fn prepare(backend: Backend) -> Self {
        match backend {
            Backend::Postgres => Self::Postgres(Postgres::prepare().unwrap()),
            Backend::MariaDb => Self::MariaDb(MariaDb::prepare().unwrap()),
            Backend::Sqlite => panic!("SQLite has no server"),
        }
    }

    both! {
        url(database: &str) -> String;
        url_as(host: &str, user: &str, password: &str, database: &str) -> String;
        port() -> u16;
        user() -> &'static str;
        password() -> &'static str;
        create_database(name: &str) -> ();
        pause() -> ();
        resume() -> ();
        stop() -> ();
        start_again() -> ();
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

/// Asks a database that cannot be used, and makes sure that the answer tells no password.
#[track_caller]
pub(crate) fn refused(settings: &DatabaseSettings) -> ConnectError {
    refused_within(settings, LONG)
}

#[track_caller]
pub(crate) fn refused_within(settings: &DatabaseSettings, limit: Duration) -> ConnectError {
    let error = probe(settings, limit).expect_err("the database is not ready");
    let password = settings.password.as_ref().map(|password| password.expose());
    tells_no_password(&error, password.unwrap_or_default());
    error
}

/// The reason and the code of an answer, in one value to compare.
pub(crate) fn told(error: &ConnectError) -> (Reason, Option<&str>) {
    (error.reason, error.code.as_deref())
}

/// No way to show an error may show the password, be it plain, quoted by Rust or as a URL has it.
#[track_caller]
pub(crate) fn tells_no_password(error: &ConnectError, password: &str) {
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
    shown.iter().for_each(|text| text_tells_no_password(text, password));
}

#[track_caller]
pub(crate) fn text_tells_no_password(text: &str, password: &str) {
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

/// SQL as the superuser of the shared server.
pub(crate) fn execute(backend: Backend, sql: &str) {
    match backend {
        Backend::Postgres => shared_postgres().unwrap().execute(sql),
        _ => shared_mariadb().unwrap().execute(sql),
    }
}
