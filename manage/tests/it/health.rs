//! `/healthz` and `/readyz`.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use manage::axum::routing::get;
use manage::server::{Routes, Site};
use manage_test_support::{Program, Signal, case, wait_until};

use crate::project::AS_PROGRAM;
use crate::serving::{SOON, Server};

/// An app's own health check, if this variable is set.
const OWN: &str = "MANAGE_APPS__IT__OWN_HEALTH";

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct HealthSettings {
    own_health: bool,
}

#[manage::router]
fn urls(site: &Site) -> manage::Result<Routes> {
    let settings: HealthSettings = site.settings().app("it")?;
    Ok(match settings.own_health {
        true => Routes::new().route("/healthz", get(async || "my own\n")),
        false => Routes::new(),
    })
}

/// The status and the body.
fn answer(server: &Server, request: &str) -> (u16, String) {
    let mut text = String::new();
    server.send(format!("{request}Connection: close\r\n\r\n")).read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    (head.split(' ').nth(1).expect("a status").parse().expect("a number"), body.to_owned())
}

/// As a load balancer sends it, which knows no name.
fn asked(server: &Server, path: &str) -> (u16, String) {
    answer(server, &format!("GET {path} HTTP/1.1\r\nHost: balancer.example\r\n"))
}

fn is(status: u16, body: &str) -> (u16, String) {
    (status, body.to_owned())
}

#[case]
fn health_needs_no_known_host_and_is_not_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("db.sqlite3").display());
    let server = Server::with(&[], &[("DATABASE_URL", &url)]);
    assert_eq!(asked(&server, "/healthz"), is(200, "ok\n"));
    assert_eq!(asked(&server, "/readyz"), is(503, "not ready: migrations\n"));
    // Other paths are still for known hosts.
    assert_eq!(asked(&server, "/empty").0, 400);
    let ready = "Host: 10.0.0.1\r\n";
    assert_eq!(answer(&server, &format!("HEAD /healthz HTTP/1.1\r\n{ready}")), is(200, ""));
    assert_eq!(answer(&server, &format!("POST /readyz HTTP/1.1\r\n{ready}Content-Length: 0\r\n")).0, 405);
    assert_eq!(answer(&server, "GET /healthz HTTP/1.0\r\n"), is(200, "ok\n"));
    let migrated = Program::new(std::env::current_exe().expect("this program"))
        .env(AS_PROGRAM, "1")
        .env("DATABASE_URL", &url)
        .args(["migrate"])
        .run(SOON);
    migrated.expect_success();
    wait_until(SOON, "readiness", || asked(&server, "/readyz") == is(200, "ready\n"));
    let log = server.stop();
    assert!(log.len() == 1 && log[0].contains("/empty"), "{log:?}");
}

#[case]
fn a_database_that_is_down_is_asked_about_once_a_second() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("postgres://chef:Hunter2-xyz@{}/kitchen", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    // It closes each connection. The thread ends with the process.
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut server = Server::with(&["--no-access-log"], &[("DATABASE_URL", &url)]);
    assert_eq!(asked(&server, "/readyz"), is(503, "not ready: database\n"));
    let (start, before) = (Instant::now(), count.load(Ordering::SeqCst));
    let mut requests = 0;
    while start.elapsed() < Duration::from_secs(2) {
        assert_eq!(asked(&server, "/readyz"), is(503, "not ready: database\n"));
        requests += 1;
    }
    // A check may connect twice, with TLS and without.
    let connections = count.load(Ordering::SeqCst) - before;
    assert!(requests > 20 && connections <= 6, "{requests} requests made {connections} connections");
    assert_eq!(asked(&server, "/healthz"), is(200, "ok\n"));
    // The reason is in the log, without the password, and once.
    let line = server.running.wait_for_line("Not ready: database default: ", SOON);
    assert!(!line.contains("Hunter2"), "{line}");
}

#[case]
fn all_databases_must_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("db.sqlite3").display());
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let other = format!("postgres://chef@{closed}/archive");
    let server = Server::with(&[], &[("DATABASE_URL", &url), ("DATABASE_URL_ARCHIVE", &other)]);
    assert_eq!(asked(&server, "/readyz"), is(503, "not ready: database\n"));
}

#[case]
fn an_apps_own_path_takes_precedence() {
    let server = Server::with(&[], &[(OWN, "true")]);
    assert_eq!(asked(&server, "/healthz").0, 400, "it is as any other path");
    assert!(server.get("/healthz").ends_with("\r\n\r\nmy own\n"));
    assert_eq!(asked(&server, "/readyz").0, 503);
}

#[case]
fn a_server_that_shuts_down_is_alive_but_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = Program::new(std::env::current_exe().expect("this program"))
        .env(AS_PROGRAM, "1")
        .env("DATABASE_URL", "sqlite:db.sqlite3")
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .cwd(folder.path())
        .args(["serve", "0", "--skip-checks", "--shutdown-delay", "60"])
        .spawn();
    let line = running.wait_for_line("Starting production server at ", SOON);
    let url = line.split_whitespace().last().expect("a URL");
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let asked = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&address).expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    assert!(asked("/readyz").ends_with("not ready: migrations\n"));
    running.signal(Signal::TERM);
    wait_until(SOON, "the end of readiness", || asked("/readyz").ends_with("not ready: shutting down\n"));
    assert!(asked("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    running.signal(Signal::KILL);
}
