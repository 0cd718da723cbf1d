//! The database in handlers: a connection from the pool, and what a client gets while there is none.

use diesel::prelude::*;
use manage::axum::extract::FromRef;
use manage::axum::routing::get;
use manage::database::Connection;
use manage::server::{Db, HandlerError, Routes, Site};
use manage_test_support::{Need, Postgres, case, needs, wait_until};

use crate::serving::{SOON, Server};

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
