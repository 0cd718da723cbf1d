//! The server is well, and the way to it is not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use manage_test_support::{Backend, DatabaseServer, Fault, Link, Point, Proxy, case, wait_until};

use super::bench::{LONG, Wait, at_port, has_a_clean_log, url_at};
use super::on_both;

/// What a server says when the login is done: PostgreSQL that it is ready for a query; MariaDB that all is
/// well, in the answer to the second packet.
fn after_login(backend: Backend) -> Point {
    Point::Behind(match backend {
        Backend::Postgres => b"Z\0\0\0\x05I",
        _ => b"\x07\0\0\x02\0\0\0",
    })
}

fn behind(backend: Backend, link: Link) -> (Proxy, String) {
    let server = DatabaseServer::shared(backend);
    let proxy = Proxy::to(server.port(), link);
    let url = format!("{}?sslmode=disable", url_at(server, proxy.port()));
    (proxy, url)
}

#[case(on_both)]
fn a_good_link_is_no_hindrance(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let proxy = Proxy::to(server.port(), Link::Good);
    let url = format!("{}?sslmode=disable", url_at(&server, proxy.port()));
    Wait::new(&url, "--stable-for 0.3").end().ready();
    assert!(proxy.accepted() >= 2, "each attempt is a connection of its own");
    has_a_clean_log(&server);
}

#[case(on_both)]
fn a_slow_link(backend: Backend) {
    let (_proxy, url) = behind(backend, Link::Slow(Duration::from_millis(150)));
    let ended = Wait::new(&url, "").end().ready();
    assert_eq!(ended.attempts(), 1, "{}", ended.transcript);
}

#[case(on_both)]
fn a_slow_link_and_short_attempts(backend: Backend) {
    let (_proxy, url) = behind(backend, Link::Slow(Duration::from_millis(150)));
    // The limit of an attempt doubles until one fits.
    Wait::new(&url, "--attempt-timeout 0.2 --fail-fast-after 0").end().ready().saw("timed_out", "");
}

#[case(on_both)]
fn a_trickling_link(backend: Backend) {
    let (_proxy, url) = behind(backend, Link::Trickle(7, Duration::from_millis(10)));
    Wait::new(&url, "--attempt-timeout 0.1 --fail-fast-after 0").end().ready();
}

#[case(on_both)]
fn silent_from_the_first_byte(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Until(Point::Bytes(0), Fault::Silence));
    Wait::new(&url, "--timeout 0.7 --attempt-timeout 0.2 --fail-fast-after 0")
        .end()
        .timed_out("timed_out", "");
    let wait = Wait::new(&url, "--attempt-timeout 0.5 --fail-fast-after 0");
    wait.end_after("timed_out", || proxy.set(Link::Good)).ready();
}

/// A login proves nothing: the answer to a query does.
#[case(on_both)]
fn silent_after_the_login(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Until(after_login(backend), Fault::Silence));
    Wait::new(&url, "--timeout 0.7 --attempt-timeout 0.2 --fail-fast-after 0")
        .end()
        .timed_out("timed_out", "");
    Wait::new(&url, "--once --attempt-timeout 0.5").end().not_ready("timed_out", "");
    let wait = Wait::new(&url, "--attempt-timeout 0.5 --fail-fast-after 0");
    wait.end_after("timed_out", || proxy.set(Link::Good)).ready();
}

/// The connection is closed or reset in its greeting, in its login, behind it and in its first answer:
/// nowhere is that ready, final or worse.
#[case(on_both)]
fn cut_at_every_place(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Good);
    for fault in [Fault::Close, Fault::Reset] {
        let points = [0, 1, 5, 20, 60].map(Point::Bytes).into_iter().chain([after_login(backend)]);
        for point in points {
            let shown = format!("{fault:?} at {point:?}");
            proxy.set(Link::Until(point, fault));
            let ended = Wait::new(&url, "--once").end();
            assert_eq!(ended.transcript.code(), Some(1), "{shown}:\n{}", ended.transcript);
            ended.not_ready("closed", "");
        }
    }
    let wait = Wait::new(&url, "--fail-fast-after 0");
    wait.end_after("closed", || proxy.set(Link::Good)).ready();
}

#[case(on_both)]
fn garbage(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Good);
    for point in [Point::Bytes(0), Point::Bytes(1), Point::Bytes(20), after_login(backend)] {
        let shown = format!("{point:?}");
        proxy.set(Link::Until(point, Fault::Garbage));
        let ended = Wait::new(&url, "--once --attempt-timeout 1").end();
        assert!(matches!(ended.transcript.code(), Some(1 | 78)), "{shown}:\n{}", ended.transcript);
    }
    proxy.set(Link::Good);
    Wait::new(&url, "--once").end().ready();
}

#[case(on_both)]
fn cut_while_it_must_be_stable(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Good);
    let mut waiting = Wait::new(&url, "--stable-for 1.5").start();
    waiting.until("unstable");
    proxy.set(Link::Until(Point::Bytes(0), Fault::Close));
    proxy.cut();
    waiting.until("closed");
    assert!(waiting.is_waiting());
    let since = std::time::Instant::now();
    proxy.set(Link::Good);
    waiting.end().ready();
    assert!(since.elapsed() >= Duration::from_millis(1_450), "the clock restarts");
}

/// Something that does this with everyone who connects, until the test process ends.
fn serve(answer: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

#[case(on_both)]
fn a_port_that_accepts_and_closes(backend: Backend) {
    let url = at_port(backend, serve(drop));
    Wait::new(&url, "--timeout 1.5 --fail-fast-after 0").end().timed_out("closed", "").says("docker-proxy");
    Wait::new(&url, "--once").end().not_ready("closed", "").says("docker-proxy");
}

#[case(on_both)]
fn a_port_that_accepts_and_says_nothing(backend: Backend) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = at_port(backend, listener.local_addr().expect("an address").port());
    let options = "--timeout 2 --attempt-timeout 0.3 --fail-fast-after 0";
    Wait::new(&url, options).end().timed_out("timed_out", "").says("sends nothing");
}

#[case(on_both)]
fn another_service_answers(backend: Backend) {
    let http: fn(TcpStream) = |mut stream| {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<h1>Bad request</h1>");
    };
    let ssh: fn(TcpStream) = |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
        let _ = stream.read(&mut [0; 4096]);
    };
    for (service, words) in [(http, "an HTTP server answers"), (ssh, "an SSH server answers")] {
        let url = at_port(backend, serve(service));
        Wait::new(&url, "--once").end().misconfigured("wrong_service", "").says(words);
        Wait::new(&url, "--timeout 30 --fail-fast-after 0.6")
            .end()
            .misconfigured("wrong_service", "")
            .says(words);
    }
}

/// A server of the other kind is no database of this one, and is never ready.
#[case(on_both)]
fn the_other_database_answers(backend: Backend) {
    let other = if backend == Backend::Postgres { Backend::MariaDb } else { Backend::Postgres };
    let need = if backend == Backend::Postgres {
        manage_test_support::Need::MariaDb
    } else {
        manage_test_support::Need::Postgres
    };
    if need.missing().is_some() {
        // It was reported by the other server's own cases.
        return;
    }
    let server = DatabaseServer::shared(other);
    let url = at_port(backend, server.port());
    let ended = Wait::new(&url, "--once --attempt-timeout 1").end().misconfigured("wrong_service", "");
    ended.says(if other == Backend::Postgres { "PostgreSQL" } else { "MySQL or MariaDB" });
    let ended = Wait::new(&url, "--timeout 30 --attempt-timeout 1 --fail-fast-after 5").end();
    let ended = ended.misconfigured("wrong_service", "");
    assert!(ended.attempts() < 100, "or MySQL blocks this host: {}", ended.transcript);
}

#[case(on_both)]
fn no_connection_is_left_behind(backend: Backend) {
    let (proxy, url) = behind(backend, Link::Until(Point::Bytes(0), Fault::Silence));
    let mut waiting = Wait::new(&url, "--attempt-timeout 0.05").start();
    let mut most = 0;
    wait_until(LONG, "it has asked some times", || {
        most = most.max(proxy.open());
        proxy.accepted() >= 5
    });
    assert!(most <= 3, "{most} at a time: those that were given up are closed");
    assert!(waiting.is_waiting());
    proxy.set(Link::Good);
    waiting.end().ready();
}
