//! More than one database in one wait.

use manage_test_support::{Backend, DatabaseServer, case, free_port};

use super::bench::{WRONG, Wait, at_port, own_url};
use super::on_both;

fn both(first: &str, second: &str, options: &str) -> Wait {
    Wait::new(first, &format!("--all {options}")).url("DATABASE_URL_OTHER", second)
}

#[case(on_both)]
fn one_is_ready_and_one_comes_late(backend: Backend) {
    let (ready, late) = (DatabaseServer::start(backend), DatabaseServer::prepare(backend));
    let wait = both(&own_url(&ready), &own_url(&late), "");
    let mut waiting = wait.start();
    // Both are asked at once, so either may be printed first.
    manage_test_support::wait_until(super::bench::LONG, "both have answered", || {
        let said = waiting.running.stdout();
        said.contains("\"reason\":\"refused\"") && said.contains("\"event\":\"ready\"")
    });
    assert!(waiting.running.is_running(), "one of two is not all");
    late.start_again();
    waiting.end().ready();
}

#[case(on_both)]
fn two_of_one_name_are_distinguished(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let wrong = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    let ended = both(&own_url(server), &wrong, "--fail-fast-after 0").end();
    ended.failed(78, "credentials", "", false).says(" (default)\"").says(" (other)\"");
}

/// What was ready minutes ago may be gone when the last one is: all of them answer at the same time in the
/// end.
#[case(on_both)]
fn one_goes_before_the_other_comes(backend: Backend) {
    let (early, late) = (DatabaseServer::start(backend), DatabaseServer::prepare(backend));
    let mut waiting = both(&own_url(&early), &own_url(&late), "").start();
    waiting.running.wait_for_line("\"event\":\"ready\"", super::bench::LONG);
    early.stop();
    // A new answer is asked for when the old one is a second old.
    let stopped = std::time::Instant::now();
    manage_test_support::wait_until(super::bench::LONG, "the answer is old", || {
        stopped.elapsed() > std::time::Duration::from_millis(1_100)
    });
    late.start_again();
    let text = format!("\"target\":\"{}", if backend == Backend::Postgres { "PostgreSQL" } else { "MySQL" });
    waiting.running.wait_for_line(&text, super::bench::LONG);
    let port = format!(":{}/", early.port());
    manage_test_support::wait_until(super::bench::LONG, "the first one is missed", || {
        waiting.running.stdout().lines().any(|line| line.contains("\"unavailable\"") && line.contains(&port))
    });
    assert!(waiting.running.is_running(), "{}", waiting.running.stdout());
    early.start_again();
    waiting.end().ready();
}

#[case(on_both)]
fn one_is_wrong_and_one_is_ready(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let wrong = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    both(&own_url(server), &wrong, "--fail-fast-after 0").end().misconfigured("credentials", "");
    both(&own_url(server), &wrong, "--once").end().misconfigured("credentials", "");
}

#[case(on_both)]
fn one_is_wrong_and_one_never_comes(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let wrong = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    let absent = at_port(backend, free_port());
    // The known error is reported, even if both timed out.
    both(&wrong, &absent, "--timeout 2").end().misconfigured("credentials", "");
    both(&wrong, &absent, "--timeout 2 --fail-fast-after never").end().failed(124, "credentials", "", false);
    both(&wrong, &absent, "--once").end().misconfigured("credentials", "");
}
