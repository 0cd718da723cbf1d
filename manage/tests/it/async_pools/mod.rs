//! A pool of asynchronous connections in the state of handlers, as docs/guide/diesel-async.md shows it.

mod example;

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use manage::axum::Router;
use manage::axum::routing::get;
use manage::server::{HandlerError, Routes, Site};
use manage_test_support::{Need, Postgres, TestDatabase, case, needs, shared_postgres, wait_until};

use crate::serving::{SOON, Server};
use example::{AsyncDb, pool};

#[manage::router(prefix = "/async")]
fn urls(site: &Site) -> manage::Result<Routes> {
    let routes = Router::new()
        .route("/two", get(two))
        .route("/sleep", get(sleep))
        .with_state(pool(site.database("default")?.settings().clone())?);
    Ok(Routes::new().merge(routes))
}

async fn two(AsyncDb(mut connection): AsyncDb) -> Result<String, HandlerError> {
    let two = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1 + 1"));
    Ok(two.get_result::<i32>(&mut connection).await?.to_string())
}

async fn sleep(AsyncDb(mut connection): AsyncDb) -> Result<&'static str, HandlerError> {
    connection.batch_execute("SELECT pg_sleep(600)").await?;
    Ok("done")
}

/// The document has the code that runs here, without what makes it a module of the tests.
#[case]
fn the_example_is_the_documents() {
    let document = include_str!("../../../../docs/guide/diesel-async.md");
    let code = include_str!("example.rs").split_once("\n\n").expect("code").1.replace("pub(super) ", "");
    assert!(
        document.contains(&format!("```rust\n{code}```\n")),
        "docs/guide/diesel-async.md differs from:\n{code}"
    );
}

#[case(needs(Need::Postgres))]
fn an_asynchronous_pool_recovers() {
    let postgres = Postgres::start().expect("a server");
    postgres.create_database("kitchen");
    let server = Server::with(&[], &[("DATABASE_URL", &postgres.url("kitchen"))]);
    assert!(server.get("/async/two").ends_with("\r\n\r\n2"));
    postgres.stop();
    let answer = server.get("/async/two");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
    postgres.start_again();
    wait_until(SOON, "the server's return", || server.get("/async/two").ends_with("\r\n\r\n2"));
}

/// The statement of a request that is over ends by PostgreSQL's own limit, and its connection is used again.
#[case(needs(Need::Postgres))]
fn an_exhausted_asynchronous_pool_is_a_503() {
    let database = TestDatabase::postgres();
    let url = format!("{}?options=-c%20statement_timeout%3D6s", database.url());
    let variables =
        [("DATABASE_URL", &*url), ("MANAGE_POOL_MAX_SIZE", "1"), ("MANAGE_SERVER_REQUEST_TIMEOUT", "4")];
    let mut server = Server::with(&[], &variables);
    let sleeping = || {
        shared_postgres().expect("a server").query_value(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state = 'active'",
            database.name()
        ))
    };
    let held = server.send("GET /async/sleep HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wait_until(SOON, "the statement", || sleeping() == "1");
    let answer = server.get("/async/two");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let line = server.running.wait_for_line("Error: GET /async/two failed at ", SOON);
    assert!(line.contains("async_pools/example.rs:"), "{line}");
    server.running.wait_for_line("the handler did not respond within 4 s", SOON);
    drop(held);
    wait_until(SOON, "a free connection", || server.get("/async/two").ends_with("\r\n\r\n2"));
    assert_eq!(sleeping(), "0");
}
