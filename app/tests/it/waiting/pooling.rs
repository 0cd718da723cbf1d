//! A pooler in front of the server.

use manage_test_support::{CaseName, Need, PgBouncer, Postgres, Suite, case, shared_postgres};

use super::bench::Wait;

fn behind_pgbouncer(suite: &mut Suite, name: &CaseName, test: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::PgBouncer, name.on("postgres"), test);
    }
}

/// A test for each mode of pooling.
fn in_each_mode(suite: &mut Suite, name: &CaseName, test: fn(&str)) {
    for mode in ["session", "transaction", "statement"] {
        behind_pgbouncer(suite, &name.row(format!("ready_in_mode_{mode}")), move || test(mode));
    }
}

fn pooler(server: &Postgres, mode: &str) -> PgBouncer {
    let lines = [format!("pool_mode = {mode}"), "server_login_retry = 0.1".to_owned()];
    PgBouncer::start(server, &lines.each_ref().map(String::as_str)).expect("PgBouncer")
}

#[case(in_each_mode)]
fn ready_through_a_pooler(mode: &str) {
    let pooler = pooler(shared_postgres().expect("PostgreSQL"), mode);
    let url = pooler.url("postgres");
    for options in ["--once", "--timeout 20", "--timeout 20 --stable-for 0.5", "--timeout 20 --writable"] {
        Wait::new(&url, options).end().ready();
    }
}

#[case(behind_pgbouncer)]
fn the_server_behind_it_comes_later() {
    let server = Postgres::prepare().expect("PostgreSQL");
    let pooler = pooler(&server, "transaction");
    let mut waiting = Wait::new(&pooler.url("postgres"), "--timeout 60").start();
    waiting.until("timed_out");
    assert!(waiting.is_waiting());
    server.start_again();
    waiting.end().ready();
}
