//! The server is not there, comes, goes, hangs, recovers or stops.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use manage_test_servers::{
    Backend, Link, Postgres, Program, Proxy, Suite, free_port, shared_mariadb, shared_postgres, wait_until,
};

use super::bench::{LONG, Server, Wait, at_port, session, shared_url, with};
use super::{on_both, on_postgres};

pub(crate) fn add(suite: &mut Suite) {
    on_both(suite, "arriving::ready_at_once", ready_at_once);
    on_both(suite, "arriving::refused_for_ever", refused_for_ever);
    on_both(suite, "arriving::started_late", started_late);
    on_both(suite, "arriving::hanging_then_going_on", hanging_then_going_on);
    on_both(suite, "arriving::killed_and_started_again", killed_and_started_again);
    on_both(suite, "arriving::restarted_while_it_must_be_stable", restarted_while_it_must_be_stable);
    on_both(suite, "arriving::stable_means_asked_again_and_again", stable_means_asked_again_and_again);
    on_both(suite, "arriving::a_flapping_server_is_not_stable", a_flapping_server_is_not_stable);
    on_both(suite, "arriving::the_first_of_two_hosts_is_dead", the_first_of_two_hosts_is_dead);
    on_both(suite, "arriving::a_unix_socket_that_comes_later", a_unix_socket_that_comes_later);
    on_both(suite, "arriving::a_unix_socket_where_nobody_listens", a_unix_socket_where_nobody_listens);
    on_both(suite, "arriving::who_answers_instead_is_told_while_it_waits", who_answers_instead_is_told);
    on_both(suite, "arriving::settings_that_cannot_be_used_end_it_at_once", settings_that_cannot_be_used);
    on_both(suite, "arriving::once_has_three_answers", once_has_three_answers);
    on_postgres(suite, "arriving::recovering_from_a_crash", recovering_from_a_crash);
    on_postgres(suite, "arriving::shutting_down_while_a_session_holds_it", shutting_down);
}

fn ready_at_once(backend: Backend) {
    let server = Server::start(backend);
    let url = quiet(&server);
    let ended = Wait::new(&url, "").end().ready();
    assert_eq!(ended.attempts(), 1);
    let text = Wait::text(&url, "").end();
    assert!(text.transcript.stderr.is_empty(), "{}", text.transcript);
    text.ready().says("**Successfully connected to Database.**");
    Wait::new(&url, "--stable-for 0.5 --writable").end().ready();
    server.has_a_clean_log();
}

/// What `prefer` costs with a MariaDB without encryption has a case of its own.
fn quiet(server: &Server) -> String {
    match server {
        Server::Postgres(_) => server.own_url(),
        Server::MariaDb(_) => with(&server.own_url(), "sslmode=disable"),
    }
}

fn refused_for_ever(backend: Backend) {
    let url = at_port(backend, free_port());
    let ended = Wait::new(&url, "--timeout 2 --fail-fast-after 0").end().timed_out("refused", "ECONNREFUSED");
    assert!(ended.transcript.duration >= Duration::from_millis(600));
    let text = Wait::text(&url, "--timeout 2").end();
    assert_eq!(text.transcript.code(), Some(124));
    text.says("Not ready within 2 s").says("ECONNREFUSED: nothing listens there");
}

fn started_late(backend: Backend) {
    let server = Server::prepare(backend);
    let url = quiet(&server);
    Wait::new(&url, "").end_after("refused", || server.start_again()).ready();
    server.has_a_clean_log();
}

fn hanging_then_going_on(backend: Backend) {
    let server = Server::start(backend);
    server.pause();
    let url = server.own_url();
    Wait::new(&url, "--timeout 0.8 --attempt-timeout 0.2").end().timed_out("timed_out", "");
    Wait::new(&url, "--once --attempt-timeout 0.3").end().not_ready("timed_out", "");
    Wait::new(&url, "--attempt-timeout 0.5").end_after("timed_out", || server.resume()).ready();
}

fn killed_and_started_again(backend: Backend) {
    let server = Server::start(backend);
    Wait::new(&server.own_url(), "").end().ready();
    server.kill();
    Wait::new(&server.own_url(), "").end_after("refused", || server.start_again()).ready();
}

fn restarted_while_it_must_be_stable(backend: Backend) {
    let server = Server::start(backend);
    let proxy = Proxy::to(server.port(), Link::Good);
    let mut waiting = Wait::new(&server.url_at(proxy.port()), "--stable-for 2").start();
    waiting.until("unstable");
    server.stop();
    // How it looks while it is gone depends on the moment; that it was gone must have been seen.
    server.start_again();
    let back = std::time::Instant::now();
    assert!(waiting.is_waiting(), "ready too early:\n{}", waiting.running.stdout());
    let ended = waiting.end().ready().saw("unstable", "");
    assert!(back.elapsed() >= Duration::from_millis(1_500), "the count starts anew: {}", ended.transcript);
    let gone = ["closed", "refused", "starting_up"];
    assert!(
        gone.iter().any(|reason| ended.transcript.stdout.contains(&format!("\"reason\":\"{reason}\""))),
        "{}",
        ended.transcript
    );
}

fn stable_means_asked_again_and_again(backend: Backend) {
    let server = Server::start(backend);
    let ended = Wait::new(&server.own_url(), "--stable-for 0.6").end().ready().saw("unstable", "");
    assert!(
        ended.transcript.duration >= Duration::from_millis(600) && ended.attempts() >= 3,
        "{}",
        ended.transcript
    );
    Wait::new(&server.own_url(), "--stable-for 30 --timeout 2").end().timed_out("unstable", "");
}

/// It answers for less than a second, again and again.
fn a_flapping_server_is_not_stable(backend: Backend) {
    let server = Server::start(backend);
    let mut waiting = Wait::new(&server.own_url(), "--stable-for 1.5 --attempt-timeout 0.2").start();
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

fn the_first_of_two_hosts_is_dead(backend: Backend) {
    let server = Server::start(backend);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("an address").port();
    let own = format!("127.0.0.1:{}", server.port());
    for dead in [free_port(), silent] {
        let url = server.own_url().replace(&own, &format!("127.0.0.1:{dead},{own}"));
        Wait::new(&url, "--attempt-timeout 4").end().ready();
    }
}

/// The URL of a server by its socket.
fn by_socket(server: &Server) -> String {
    let (host, port, database) = (socket_host(server), server.port(), server.own_database());
    let login = server.url_as("", server.user(), server.password(), "");
    let login = login.split_once('@').map(|(login, _)| login).expect("a login");
    format!("{login}@{host}:{port}/{database}")
}

fn socket_host(server: &Server) -> String {
    let path = match server {
        Server::Postgres(server) => server.socket_dir().to_owned(),
        Server::MariaDb(server) => server.socket(),
    };
    path.display().to_string().replace('/', "%2F")
}

fn a_unix_socket_that_comes_later(backend: Backend) {
    let server = Server::prepare(backend);
    let url = by_socket(&server);
    Wait::new(&url, "--timeout 2 --fail-fast-after 0").end().timed_out("socket", "ENOENT");
    Wait::new(&url, "").end_after("socket", || server.start_again()).ready();
}

fn a_unix_socket_where_nobody_listens(backend: Backend) {
    let server = Server::prepare(backend);
    let path = match &server {
        Server::Postgres(own) => own.socket_dir().join(format!(".s.PGSQL.{}", own.port())),
        Server::MariaDb(own) => own.socket(),
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

/// What a closer look finds comes after the failure was told, and is told then.
fn who_answers_instead_is_told(backend: Backend) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut waiting = Wait::text(&at_port(backend, port), "--timeout 0").start();
    waiting.running.wait_for_line("a published port (docker-proxy)", LONG);
    waiting.signal(manage_test_servers::Signal::TERM, 143);
}

fn settings_that_cannot_be_used(backend: Backend) {
    let (url, words) = match backend {
        Backend::Postgres => ("postgres://127.0.0.1:1/app", "no user is set"),
        _ => ("mysql://app@127.0.0.1:1/app?color=red", "`color`"),
    };
    let ended = Wait::text(url, "--timeout 0 --fail-fast-after never").end();
    assert_eq!(ended.transcript.code(), Some(78), "{}", ended.transcript);
    assert_eq!(ended.transcript.stdout, "", "nothing was asked: {}", ended.transcript);
    ended.says(words);
}

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

fn shutting_down() {
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
