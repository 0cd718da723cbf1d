//! Ended from outside: by a signal in each phase, and by a reader that leaves.

use std::net::TcpListener;

use manage_test_support::{
    Backend, DatabaseServer, Fault, Link, Need, Point, Program, Proxy, Signal, case, free_port, needs,
};

use super::bench::{LONG, WRONG, Wait, at_port, own_url, url_at};
use super::on_both;

const SIGNALS: [(Signal, i32); 2] = [(Signal::TERM, 143), (Signal::INT, 130)];

#[case(on_both)]
fn by_a_signal_while_nobody_listens(backend: Backend) {
    for (signal, code) in SIGNALS {
        let mut waiting = Wait::new(&at_port(backend, free_port()), "--timeout 0").start();
        waiting.until("refused");
        waiting.signal(signal, code);
    }
}

/// Its first attempt has as long as the test could ever take.
#[case(on_both)]
fn by_a_signal_in_an_attempt_that_hangs(backend: Backend) {
    for (signal, code) in SIGNALS {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = at_port(backend, listener.local_addr().expect("an address").port());
        let waiting = Wait::new(&url, "--timeout 0 --attempt-timeout 600").start();
        let attempt = listener.accept().expect("an attempt");
        waiting.signal(signal, code);
        drop(attempt);
    }
}

#[case(on_both)]
fn by_a_signal_behind_the_login(backend: Backend) {
    let server = DatabaseServer::start(backend);
    // Once PostgreSQL accepts queries, the terminate message goes with the first: its session would end.
    let after: &[u8] =
        if backend == Backend::Postgres { b"R\0\0\0\x08\0\0\0\0" } else { b"\x07\0\0\x02\0\0\0" };
    for (signal, code) in SIGNALS {
        let proxy = Proxy::to(server.port(), Link::Until(Point::Behind(after), Fault::Silence));
        let url = format!("{}?sslmode=disable", url_at(&server, proxy.port()));
        let waiting = Wait::new(&url, "--timeout 0 --attempt-timeout 600").start();
        let logged_in = if backend == Backend::Postgres {
            "SELECT count(*) FROM pg_stat_activity WHERE client_port IS NOT NULL AND client_port > 0"
        } else {
            "SELECT count(*) FROM information_schema.processlist WHERE user = 'tester'"
        };
        manage_test_support::wait_until(LONG, "it is logged in", || server.query_value(logged_in) == "1");
        waiting.signal(signal, code);
        drop(proxy);
        manage_test_support::wait_until(LONG, "its session is gone", || server.query_value(logged_in) == "0");
    }
}

#[case(on_both)]
fn by_a_signal_while_it_must_be_stable(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    for (signal, code) in SIGNALS {
        let mut waiting = Wait::new(&own_url(server), "--timeout 0 --stable-for 600").start();
        waiting.until("unstable");
        waiting.signal(signal, code);
    }
}

#[case(on_both)]
fn by_a_signal_while_the_login_is_refused(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let url = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    for (signal, code) in SIGNALS {
        let mut waiting = Wait::new(&url, "--timeout 0 --fail-fast-after never").start();
        waiting.until("credentials");
        waiting.signal(signal, code);
    }
}

#[case]
fn by_a_reader_that_leaves() {
    for options in ["--format json", ""] {
        let line =
            format!("'{}' wait_for_db --timeout 3 {options} | head -n 1", env!("CARGO_BIN_EXE_manage"));
        let url = at_port(Backend::Postgres, free_port());
        let ran = Program::new("sh").args(["-c", &line]).env("DATABASE_URL", &url).run(LONG).expect_success();
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("bug"), "{ran}");
    }
}

/// The line that lives switches wrapping off and on again; a signal must not leave it off.
#[case(needs(Need::Program("script")))]
fn the_terminal_is_left_as_it_was() {
    // The shell of `script` becomes the program.
    let line = format!("exec '{}' wait_for_db --timeout 0", env!("CARGO_BIN_EXE_manage"));
    let script = Program::new("script").args(["-qfec", &line, "/dev/null"]);
    let url = at_port(Backend::Postgres, free_port());
    let running = script.env("DATABASE_URL", &url).env("TERM", "xterm").spawn();
    manage_test_support::wait_until(LONG, "the line lives", || {
        running.stdout().matches("\x1b[?7h").count() > 3
    });
    // To the program alone, as `kill` does.
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", running.pid()));
    let children = children.expect("the children of `script`");
    Program::new("kill").args(["-s", "INT", children.trim()]).run(LONG).expect_success();
    let transcript = running.wait(LONG).expect_code(130);
    let (off, on) = (transcript.stdout.rfind("\x1b[?7l"), transcript.stdout.rfind("\x1b[?7h"));
    assert!(off < on, "wrapping is on again:\n{transcript}");
    assert!(!transcript.stdout.contains("Successfully"), "{transcript}");
}
