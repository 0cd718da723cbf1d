//! The database in handlers: a connection from the pool, and what a client gets while there is none.

use diesel::prelude::*;
use manage::axum::extract::FromRef;
use manage::axum::http::Request;
use manage::axum::routing::get;
use manage::database::Connection;
use manage::server::{Db, HandlerError, Routes, Site};
use manage::{Program, testing};
use manage_test_support::{Need, Postgres, TestDatabase, case, needs, wait_until};
use serde_json::Value;

use crate::backends::on_each_backend;
use crate::serving::{SOON, Server};
use crate::unmigrated::run;

/// A state that contains the site.
#[derive(Clone)]
struct Kitchen {
    site: Site,
}

impl FromRef<Kitchen> for Site {
    fn from_ref(kitchen: &Kitchen) -> Self {
        kitchen.site.clone()
    }
}

#[manage::router(prefix = "/handlers")]
fn urls(site: &Site) -> manage::Result<Routes> {
    let nested = Routes::new().route("/nested", get(two)).with_state(Kitchen { site: site.clone() });
    Ok(Routes::new()
        .route("/two", get(two))
        .route("/refused", get(refused))
        .route("/busy", get(busy))
        .merge(nested)
        .with_state(site.clone()))
}

async fn two(db: Db) -> Result<String, HandlerError> {
    let two: i32 = db
        .run(|connection| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1 + 1")).get_result(connection)
        })
        .await?;
    Ok(two.to_string())
}

async fn refused(db: Db) -> Result<String, HandlerError> {
    db.run(|connection| diesel::sql_query("SELECT * FROM no_such_soup").execute(connection)).await?;
    Ok("found".to_owned())
}

/// It holds a connection for a while.
async fn busy(db: Db) -> Result<String, HandlerError> {
    let hold = |_: &mut Connection| -> manage::Result<()> {
        std::thread::sleep(std::time::Duration::from_secs(4));
        Ok(())
    };
    db.run(hold).await?;
    Ok("done".to_owned())
}

#[case]
fn a_test_sends_requests() {
    let project = || testing::Project::new(Program::new(&["it"]));
    let with_database = project().with_database();
    for path in ["/handlers/two", "/handlers/nested?a=b"] {
        assert_eq!(with_database.get(path).expect_status(200).text(), "2", "{path}");
    }
    let refused = with_database.get("/handlers/refused").expect_status(500);
    assert_eq!(refused.text(), "Internal Server Error\n");
    assert_eq!(refused.headers["content-type"], "text/plain; charset=utf-8");
    let error = refused.error.expect("an error");
    assert!(error.contains("no_such_soup") && !error.contains("with_database"), "{error}");
    assert_eq!(with_database.get("/handlers/none").status, 404);
    let posted = with_database.request(Request::post("/handlers/two").body("soup").expect("a request"));
    assert_eq!((posted.status.as_u16(), posted.error), (405, None));

    // The same hint as of a command.
    let error = project().get("/handlers/refused").expect_status(500).error.expect("an error");
    assert!(error.contains("\nHint: This test's project sets no database"), "{error}");
    let unmet = std::panic::catch_unwind(|| project().get("/handlers/refused").expect_status(200));
    let text = *unmet.expect_err("a panic").downcast::<String>().expect("a text");
    assert!(
        text.starts_with("expected status 200, not 500 Internal Server Error:\n")
            && text.contains("no_such_soup"),
        "{text}"
    );
}

#[case(needs(Need::Postgres))]
fn a_server_that_goes_and_comes_back_needs_no_restart() {
    let postgres = Postgres::start().expect("a server");
    postgres.create_database("kitchen");
    let url = postgres.url("kitchen");
    let mut server = Server::with(&[], &[("DATABASE_URL", &url)]);
    for path in ["/handlers/two", "/handlers/nested"] {
        assert!(server.get(path).ends_with("\r\n\r\n2"), "{path}");
    }
    let answer = server.get("/handlers/refused");
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.ends_with("Internal Server Error\n"), "{answer}");
    let line = server.running.wait_for_line("Error: GET /handlers/refused failed at ", SOON);
    assert!(line.contains("manage/tests/it/handlers.rs:") && line.contains("no_such_soup"), "{line}");
    postgres.stop();
    let answer = server.get("/handlers/two");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
    server.running.wait_for_line("Error: GET /handlers/two failed at ", SOON);
    postgres.start_again();
    wait_until(SOON, "the server's return", || server.get("/handlers/two").ends_with("\r\n\r\n2"));
}

#[case]
fn an_exhausted_pool_is_a_503() {
    let variables = [
        ("DATABASE_URL", "sqlite:db.sqlite3"),
        ("MANAGE_POOL_MAX_SIZE", "1"),
        ("MANAGE_POOL_CONNECTION_TIMEOUT", "1"),
    ];
    let mut server = Server::with(&[], &variables);
    let held = server.send("GET /handlers/busy HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wait_until(SOON, "a 503", || server.get("/handlers/two").starts_with("HTTP/1.1 503 "));
    let line = server.running.wait_for_line("Error: GET /handlers/two failed at ", SOON);
    assert!(line.contains("manage/tests/it/handlers.rs:"), "{line}");
    drop(held);
    wait_until(SOON, "a free connection", || server.get("/handlers/two").ends_with("\r\n\r\n2"));
}

/// The hint that names this program.
fn unapplied() -> String {
    let program = std::env::current_exe().expect("this program");
    let name = program.file_name().expect("a name").display();
    format!(
        "Hint: The database has unapplied migrations (4 not applied, the first is 2024-01-01-000000_create_authors). \
         Run `{name} migrate`."
    )
}

#[case(on_each_backend)]
fn a_missing_table_may_be_a_migrations(database: TestDatabase) {
    let variables = [("DATABASE_URL", database.url())];
    let mut server = Server::with(&[], &variables);
    let answer = server.get("/handlers/refused");
    assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("migrat"), "{answer}");
    let line = server.running.wait_for_line("Error: GET /handlers/refused failed at ", SOON);
    assert!(line.contains("no_such_soup"), "{line}");
    assert_eq!(server.running.wait_for_line("Hint: ", SOON), unapplied());

    // In production, too.
    let mut server = Server::production(&["--log-format", "json"], &variables);
    let answer = server.get("/handlers/refused");
    assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("migrat"), "{answer}");
    let line = server.running.wait_for_line("Hint: ", SOON);
    let line: Value = serde_json::from_str(&line).expect("an object");
    assert_eq!((&line["level"], &line["message"]), (&"warn".into(), &unapplied().into()));
    let id = line["request_id"].as_str().expect("an id");
    assert!(answer.contains(&format!("x-request-id: {id}\r\n")), "{id}: {answer}");
}

#[case(on_each_backend)]
fn a_missing_table_of_a_migrated_database_is_not(database: TestDatabase) {
    run(&database, "", "migrate");
    let mut server = Server::with(&[], &[("DATABASE_URL", database.url())]);
    // The first one is certainly looked into, and nothing is reported of it.
    server.get("/handlers/refused");
    server.running.wait_for_line("Error: GET /handlers/refused failed at ", SOON);
    run(&database, "DELETE FROM __diesel_schema_migrations WHERE version LIKE '20240101%'", "says");
    wait_until(SOON, "a hint", || {
        server.get("/handlers/refused");
        server.running.stderr().contains("Hint: ")
    });
    let line = server.running.wait_for_line("Hint: ", SOON);
    assert!(line.contains("(1 not applied, the first is 2024-01-01-000000_create_authors)"), "{line}");
}
