//! The server is not there, comes, goes, hangs, recovers or stops.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use manage_test_support::{
    Backend, DatabaseServer, Link, Postgres, Program, Proxy, case, free_port, shared_mariadb,
    shared_postgres, wait_until,
};

use super::bench::{LONG, Wait, at_port, has_a_clean_log, own_url, session, shared_url, url_at, with};
use super::{on_both, on_postgres};

#[case(on_both)]
fn ready_at_once(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let url = quiet(&server);
    let ended = Wait::new(&url, "").end().ready();
    assert_eq!(ended.attempts(), 1);
    let text = Wait::text(&url, "").end();
    assert!(text.transcript.stderr.is_empty(), "{}", text.transcript);
    text.ready().says("**Successfully connected to Database.**");
    Wait::new(&url, "--stable-for 0.5 --writable").end().ready();
    has_a_clean_log(&server);
}

/// What `prefer` costs with a MariaDB without encryption has a case of its own.
fn quiet(server: &DatabaseServer) -> String {
    match server {
        DatabaseServer::Postgres(_) => own_url(server),
        DatabaseServer::MariaDb(_) => with(&own_url(server), "sslmode=disable"),
    }
}

#[case(on_both)]
fn refused_for_ever(backend: Backend) {
    let url = at_port(backend, free_port());
    let ended = Wait::new(&url, "--timeout 2 --fail-fast-after 0").end().timed_out("refused", "ECONNREFUSED");
    assert!(ended.transcript.duration >= Duration::from_millis(600));
    let text = Wait::text(&url, "--timeout 2").end();
    assert_eq!(text.transcript.code(), Some(124));
    text.says("Not ready within 2 s").says("ECONNREFUSED: nothing listens there");
}

#[case(on_both)]
fn started_late(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    let url = quiet(&server);
    Wait::new(&url, "").end_after("refused", || server.start_again()).ready();
    has_a_clean_log(&server);
}

#[case(on_both)]
fn hanging_then_going_on(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.pause();
    let url = own_url(&server);
    Wait::new(&url, "--timeout 0.8 --attempt-timeout 0.2").end().timed_out("timed_out", "");
    Wait::new(&url, "--once --attempt-timeout 0.3").end().not_ready("timed_out", "");
    Wait::new(&url, "--attempt-timeout 0.5").end_after("timed_out", || server.resume()).ready();
}

#[case(on_both)]
fn killed_and_started_again(backend: Backend) {
    let server = DatabaseServer::start(backend);
    Wait::new(&own_url(&server), "").end().ready();
    server.kill();
    Wait::new(&own_url(&server), "").end_after("refused", || server.start_again()).ready();
}

#[case(on_both)]
fn restarted_while_it_must_be_stable(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let proxy = Proxy::to(server.port(), Link::Good);
    let mut waiting = Wait::new(&url_at(&server, proxy.port()), "--stable-for 2").start();
    waiting.until("unstable");
    server.stop();
    // How it looks while it is gone depends on the moment; that it was gone must have been seen.
    server.start_again();
    let back = std::time::Instant::now();
    assert!(waiting.is_waiting(), "ready too early:\n{}", waiting.running.stdout());
    let ended = waiting.end().ready().saw("unstable", "");
    assert!(back.elapsed() >= Duration::from_millis(1_500), "the clock restarts: {}", ended.transcript);
    let gone = ["closed", "refused", "starting_up"];
    assert!(
        gone.iter().any(|reason| ended.transcript.stdout.contains(&format!("\"reason\":\"{reason}\""))),
        "{}",
        ended.transcript
    );
}

#[case(on_both)]
fn stable_means_asked_again_and_again(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let ended = Wait::new(&own_url(&server), "--stable-for 0.6").end().ready().saw("unstable", "");
    assert!(
        ended.transcript.duration >= Duration::from_millis(600) && ended.attempts() >= 3,
        "{}",
        ended.transcript
    );
    Wait::new(&own_url(&server), "--stable-for 30 --timeout 2").end().timed_out("unstable", "");
}

/// It answers for less than a second, again and again.
#[case(on_both)]
fn a_flapping_server_is_not_stable(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let mut waiting = Wait::new(&own_url(&server), "--stable-for 1.5 --attempt-timeout 0.2").start();
    for _ in 0..3 {
        waiting.until("unstable");
        server.pause();
        waiting.until("timed_out");
        server.resume();
    }
    assert!(waiting.is_waiting(), "{}", waiting.running.stdout());
    let since = std::time::Instant::now();
    waiting.end().ready();
    assert!(since.elapsed() >= Duration::from_secs(1));
}

#[case(on_both)]
fn the_first_of_two_hosts_is_dead(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("an address").port();
    let own = format!("127.0.0.1:{}", server.port());
    for dead in [free_port(), silent] {
        let url = own_url(&server).replace(&own, &format!("127.0.0.1:{dead},{own}"));
        Wait::new(&url, "--attempt-timeout 4").end().ready();
    }
}

/// The URL of a server by its socket.
fn by_socket(server: &DatabaseServer) -> String {
    let (host, port, database) = (socket_host(server), server.port(), server.own_database());
    let login = server.url_as("", server.user(), server.password(), "");
    let login = login.split_once('@').map(|(login, _)| login).expect("a login");
    format!("{login}@{host}:{port}/{database}")
}

fn socket_host(server: &DatabaseServer) -> String {
    let path = match server {
        DatabaseServer::Postgres(server) => server.socket_dir().to_owned(),
        DatabaseServer::MariaDb(server) => server.socket(),
    };
    path.display().to_string().replace('/', "%2F")
}

#[case(on_both)]
fn a_unix_socket_that_comes_later(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    let url = by_socket(&server);
    Wait::new(&url, "--timeout 2 --fail-fast-after 0").end().timed_out("socket", "ENOENT");
    Wait::new(&url, "").end_after("socket", || server.start_again()).ready();
}

#[case(on_both)]
fn a_unix_socket_where_nobody_listens(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    let path = match &server {
        DatabaseServer::Postgres(own) => own.socket_dir().join(format!(".s.PGSQL.{}", own.port())),
        DatabaseServer::MariaDb(own) => own.socket(),
    };
    // What a killed server leaves behind.
    drop(UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists());
    let url = by_socket(&server);
    Wait::new(&url, "--timeout 2 --fail-fast-after 0").end().timed_out("refused", "ECONNREFUSED");
    let start = || {
        fs::remove_file(&path).expect("the socket was there");
        server.start_again();
    };
    Wait::new(&url, "").end_after("refused", start).ready();
}

/// The diagnosis comes after the failure was reported, and is reported then.
#[case(on_both)]
fn who_answers_instead_is_reported_while_it_waits(backend: Backend) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut waiting = Wait::text(&at_port(backend, port), "--timeout 0").start();
    waiting.running.wait_for_line("a published port (docker-proxy)", LONG);
    waiting.signal(manage_test_support::Signal::TERM, 143);
}

#[case(on_both)]
fn settings_that_cannot_be_used_end_it_at_once(backend: Backend) {
    let (url, words) = match backend {
        Backend::Postgres => ("postgres://127.0.0.1:1/app", "no user is set"),
        _ => ("mysql://app@127.0.0.1:1/app?color=red", "`color`"),
    };
    let ended = Wait::text(url, "--timeout 0 --fail-fast-after never").end();
    assert_eq!(ended.transcript.code(), Some(78), "{}", ended.transcript);
    assert_eq!(ended.transcript.stdout, "", "nothing was asked: {}", ended.transcript);
    ended.says(words);
}

#[case(on_both)]
fn once_has_three_answers(backend: Backend) {
    let (database, user, password) = match backend {
        Backend::Postgres => {
            let server = shared_postgres().unwrap();
            ("postgres", server.user(), server.password())
        }
        _ => {
            let server = shared_mariadb().unwrap();
            ("mysql", server.user(), server.password())
        }
    };
    let url = shared_url(backend, user, password, database);
    assert_eq!(Wait::new(&url, "--once").end().ready().attempts(), 1);
    let refused =
        Wait::new(&at_port(backend, free_port()), "--once").end().not_ready("refused", "ECONNREFUSED");
    assert_eq!(refused.attempts(), 1);
    let missing = shared_url(backend, user, password, "no_such_database");
    assert_eq!(Wait::new(&missing, "--once").end().misconfigured("no_database", "").attempts(), 1);
}

/// A real crash, and an archive that takes its time.
#[case(on_postgres)]
fn recovering_from_a_crash() {
    let archive = "restore_command = 'until test -e ../go; do sleep 0.05; done; exit 1'";
    let server = Postgres::builder().setting("hot_standby = off").setting(archive).start().unwrap();
    server.execute("CREATE TABLE t AS SELECT generate_series(1, 50000) AS n");
    server.kill();
    // The archive answers nothing until it is let go, so recovery lasts.
    fs::write(server.folder().join("data/recovery.signal"), "").expect("a file");
    server.start_in_background();
    let url = server.url("postgres");
    let mut waiting = Wait::new(&url, "--fail-fast-after 0").start();
    waiting.until("starting_up");
    assert!(waiting.is_waiting());
    Wait::new(&url, "--once").end().not_ready("starting_up", "57P03");
    fs::write(server.folder().join("go"), "").expect("a file");
    waiting.end().ready().saw("starting_up", "57P03");
    assert_eq!(server.query_value("SELECT count(*) FROM t"), "50000");
}

#[case(on_postgres)]
fn shutting_down_while_a_session_holds_it() {
    let server = Postgres::start().unwrap();
    let url = server.url("postgres");
    let held = session(&url);
    let pid = server.pid().expect("it runs").to_string();
    // A smart shutdown waits for its clients.
    Program::new("kill").args(["-s", "TERM", &pid]).run(LONG).expect_success();
    wait_until(LONG, "it shuts down", || server.log().contains("received smart shutdown request"));
    Wait::new(&url, "--once").end().not_ready("starting_up", "57P03");
    Wait::new(&url, "").waits("starting_up", "57P03");
    let again = || {
        drop(held);
        server.stop();
        server.start_again();
    };
    Wait::new(&url, "--fail-fast-after 0").end_after("starting_up", again).ready();
}
