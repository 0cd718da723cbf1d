//! What a server says that serves nobody, or not this user.

use std::time::Instant;

use manage::database::{Reason, probe};
use manage::settings::DatabaseSettings;
use manage_test_support::{Backend, DatabaseServer, MariaDb, Postgres, case, execute, wait_until};

use crate::backends::{
    LONG, on_each_server, on_postgres, open, refused, reported, settings, shared_database,
};

#[case(on_each_server)]
fn a_refusal_has_its_reason_and_code(backend: Backend) {
    let (database, right) = shared_database(backend);
    let is_postgres = backend == Backend::Postgres;
    let changed = |change: fn(&mut DatabaseSettings)| {
        let mut settings = right.clone();
        change(&mut settings);
        refused(&settings)
    };
    let password = if is_postgres { "28P01" } else { "1045" };
    let error = changed(|settings| settings.password = Some(manage::settings::Secret::new("hunter2")));
    assert_eq!(reported(&error), (Reason::Credentials, Some(password)), "{error}");
    assert!(error.to_string().contains("refuses the password"), "{error}");
    assert!(
        error.hint.as_deref().is_some_and(|hint| hint.contains("The user and the password")),
        "{error:?}"
    );
    assert!(!error.hint.expect("a hint").contains('%'));
    let error = changed(|settings| settings.password = Some(manage::settings::Secret::new("100%zz")));
    let percent = "The password contains a `%`: in a URL, write %25 for it.";
    assert!(error.hint.expect("a hint").contains(percent));
    let error = changed(|settings| settings.user = Some("nobody_such".to_owned()));
    assert_eq!(reported(&error), (Reason::Credentials, Some(password)), "{error}");
    let error = changed(|settings| settings.password = None);
    assert_eq!(error.reason, Reason::Credentials, "{error:?}");
    let error = changed(|settings| settings.name = "no_such_db".to_owned());
    assert_eq!(
        reported(&error),
        (Reason::NoDatabase, Some(if is_postgres { "3D000" } else { "1049" })),
        "{error}"
    );
    let error = changed(|settings| settings.tls.mode = manage::settings::SslMode::Require);
    assert_eq!(error.reason, Reason::Tls, "{error}");
    assert!(error.hint.expect("a hint").starts_with("Turn on TLS in the server."));

    // A user who is there, and may not use this database.
    let name = database.name();
    let mut stranger = right.clone();
    (stranger.user, stranger.password) =
        (Some("stranger".to_owned()), Some(manage::settings::Secret::new("hunter2")));
    let code = if is_postgres {
        execute(backend, "CREATE USER stranger PASSWORD 'hunter2'");
        execute(backend, &format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"));
        "42501"
    } else {
        execute(backend, "CREATE USER stranger IDENTIFIED BY 'hunter2'");
        "1044"
    };
    let error = refused(&stranger);
    assert_eq!(reported(&error), (Reason::Permission, Some(code)), "{error}");
    assert!(!error.reason.is_transient());
    let hint = error.hint.expect("a hint");
    assert_eq!(hint.contains("does not exist, or"), !is_postgres, "{hint}");

    // One who may have a single connection.
    let limited = if is_postgres {
        execute(backend, "CREATE USER limited PASSWORD 'hunter2' CONNECTION LIMIT 1");
        execute(backend, &format!("GRANT CONNECT ON DATABASE {name} TO limited"));
        "53300"
    } else {
        execute(backend, "CREATE USER limited IDENTIFIED BY 'hunter2' WITH MAX_USER_CONNECTIONS 1");
        execute(backend, "GRANT ALL ON *.* TO limited");
        "1226"
    };
    stranger.user = Some("limited".to_owned());
    let held = open(stranger.url().expose());
    let error = refused(&stranger);
    assert_eq!(reported(&error), (Reason::TooManyConnections, Some(limited)), "{error}");
    assert!(error.reason.is_transient());
    drop(held);
    // The server notices the end of a connection in its own time.
    wait_until(LONG, "closing has freed the place", || probe(&stranger, LONG).is_ok());
}

#[case(on_each_server)]
fn a_full_server_is_reported(backend: Backend) {
    let server = match backend {
        Backend::Postgres => {
            let builder =
                Postgres::builder().max_connections(4).setting("superuser_reserved_connections = 0");
            DatabaseServer::Postgres(builder.setting("max_wal_senders = 0").start().unwrap())
        }
        _ => DatabaseServer::MariaDb(MariaDb::builder().max_connections(10).start().unwrap()),
    };
    server.create_database("blog");
    let settings = settings(&server.url("blog"));
    let mut held = Vec::new();
    let error = loop {
        match manage::database::Connection::open(&settings) {
            Ok(connection) => held.push(connection),
            Err(error) => break error,
        }
        assert!(held.len() < 20, "the server has no limit");
    };
    let code = if backend == Backend::Postgres { "53300" } else { "1040" };
    assert_eq!(reported(&error), (Reason::TooManyConnections, Some(code)), "{error}");
    held.clear();
    // The server notices each end of a connection in its own time.
    wait_until(LONG, "there is room again", || probe(&settings, LONG).is_ok());
}

#[case(on_postgres)]
fn a_server_that_recovers_is_starting_up() {
    // A standby that nobody may read from recovers forever.
    let server = Postgres::builder()
        .setting("hot_standby = off")
        .setting("restore_command = 'false'")
        .prepare()
        .expect("a server");
    std::fs::write(server.folder().join("data/standby.signal"), "").expect("a file");
    server.start_in_background();
    let settings = settings(&server.url("postgres"));
    let mut error = refused(&settings);
    let deadline = Instant::now() + LONG;
    while error.reason == Reason::Refused && Instant::now() < deadline {
        error = refused(&settings);
    }
    assert_eq!(reported(&error), (Reason::StartingUp, Some("57P03")), "{error}");
    assert!(error.reason.is_transient());
}
