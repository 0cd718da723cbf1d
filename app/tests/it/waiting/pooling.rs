//! A pooler stands before the server.

use manage_test_servers::{Need, PgBouncer, Postgres, Suite, shared_postgres};

use super::bench::Wait;

pub(crate) fn add(suite: &mut Suite) {
    if !cfg!(feature = "postgres") {
        return;
    }
    for mode in ["session", "transaction", "statement"] {
        suite.needs(
            Need::PgBouncer,
            format!("waiting::postgres::pooling::ready_in_mode_{mode}"),
            move || {
                ready_through_a_pooler(mode);
            },
        );
    }
    suite.needs(Need::PgBouncer, "waiting::postgres::pooling::the_server_behind_it_comes_later", comes_later);
}

fn pooler(server: &Postgres, mode: &str) -> PgBouncer {
    let lines = [format!("pool_mode = {mode}"), "server_login_retry = 0.1".to_owned()];
    PgBouncer::start(server, &lines.each_ref().map(String::as_str)).expect("PgBouncer")
}

fn ready_through_a_pooler(mode: &str) {
    let pooler = pooler(shared_postgres().expect("PostgreSQL"), mode);
    let url = pooler.url("postgres");
    for options in ["--once", "--timeout 20", "--timeout 20 --stable-for 0.5", "--timeout 20 --writable"] {
        Wait::new(&url, options).end().ready();
    }
}

fn comes_later() {
    let server = Postgres::prepare().expect("PostgreSQL");
    let pooler = pooler(&server, "transaction");
    let mut waiting = Wait::new(&pooler.url("postgres"), "--timeout 60").start();
    waiting.until("timed_out");
    assert!(waiting.is_waiting());
    server.start_again();
    waiting.end().ready();
}
