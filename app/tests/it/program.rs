//! The process: signals, pipes, ports, panics, and what it prints when it starts to serve.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use manage_test_support::{Program, Signal, TestDatabase, case};

use crate::project::{Project, Server};

const SOON: Duration = Duration::from_secs(20);

fn manage() -> Program {
    Program::new(env!("CARGO_BIN_EXE_manage"))
}

/// Nothing listens at port 1.
const DEAD: &str = "postgres://blog:very-secret@127.0.0.1:1/blog";

#[case]
fn signals_end_a_wait_at_once() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut running = manage().env("DATABASE_URL", DEAD).args(["wait_for_db", "--timeout", "0"]).spawn();
        running.wait_for_line("**Database unavailable, waiting...**", SOON);
        running.signal(signal);
        let transcript = running.wait(SOON).expect_code(code);
        assert!(!transcript.to_string().contains("very-secret"), "{transcript}");
        assert!(!transcript.stdout.contains("Successfully"), "{transcript}");
    }
}

#[case]
fn signals_stop_the_server_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let project = Project::new(TestDatabase::sqlite());
        let Server { mut running, .. } = project.serve();
        running.signal(signal);
        running.wait(SOON).expect_success();
    }
}

#[case]
fn a_running_request_is_finished() {
    let project = Project::new(TestDatabase::sqlite()).filled();
    let Server { mut running, url } = project.serve();
    let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut request = std::net::TcpStream::connect(&host).expect("a connection");
    // Half a request: the server has accepted it and waits for the rest.
    write!(request, "GET / HTTP/1.1\r\nHost: {host}\r\n").expect("a half");
    let mut other = std::net::TcpStream::connect(&host).expect("a second connection");
    write!(other, "GET /api/articles HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    other.read_to_string(&mut answer).expect("an answer: by now the first one was accepted, too");
    // Twice, as `timeout` does.
    running.signal(Signal::TERM);
    running.signal(Signal::TERM);
    manage_test_support::wait_until(SOON, "the port to be closed", || {
        std::net::TcpStream::connect(&host).is_err()
    });
    write!(request, "\r\n").expect("the other half");
    let mut status = String::new();
    BufReader::new(&mut request).read_line(&mut status).expect("an answer");
    assert_eq!(status, "HTTP/1.1 200 OK\r\n");
    drop(request);
    running.wait(SOON).expect_success();
}

/// Each finding is allowed by a mark, and each mark is needed.
#[case]
fn the_migrations_are_linted() {
    let transcript =
        manage().env("DATABASE_URL", DEAD).args(["migrate", "--lint"]).run(SOON).expect_success();
    let out = &transcript.stdout;
    assert!(out.starts_with("Linted ") && out.ends_with(" migrations: no findings.\n"), "{transcript}");
}

#[case]
fn a_reader_that_leaves_is_no_trouble() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_manage"))
        .arg("help")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(matches!(output.status.code(), Some(0 | 141)), "{}", output.status);
}

#[case]
fn a_traceback_is_shown_on_request() {
    let line = ["publish", "nothing", "--traceback", "--skip-checks"];
    let transcript = manage().env("DATABASE_URL", DEAD).args(line).run(SOON).expect_code(1);
    assert!(
        transcript.stderr.starts_with("Error: PostgreSQL at 127.0.0.1:1/blog as blog refuses the connection"),
        "{transcript}"
    );
    assert!(transcript.stderr.contains("app::management::commands::publish"), "{transcript}");
    assert!(!transcript.to_string().contains("very-secret"), "{transcript}");
    let plain = manage().env("DATABASE_URL", DEAD).args(["publish", "nothing"]).run(SOON).expect_code(1);
    assert!(!plain.stderr.contains("app::management"), "{plain}");
}

#[case]
fn the_banner_of_the_server() {
    let project = Project::new(TestDatabase::sqlite());
    let Server { mut running, url } = project.serve();
    running.wait_for_line("Quit the server with CONTROL-C.", SOON);
    running.signal(Signal::TERM);
    let transcript = running.wait(SOON).expect_success();
    let lines: Vec<&str> = transcript.stdout.lines().filter(|line| !line.is_empty()).collect();
    let [performing, checks, unapplied, run, date, version, address, quit] = lines.as_slice() else {
        panic!("{transcript}")
    };
    assert_eq!(*performing, "Performing system checks...");
    assert_eq!(*checks, "System check identified no issues (0 silenced).");
    assert!(unapplied.starts_with("You have 2 unapplied migration(s)."), "{transcript}");
    assert_eq!(*run, "Run 'manage migrate' to apply them.");
    assert!(date.contains(" - ") && date.contains(", 20"), "{date}");
    assert_eq!(
        *version,
        format!("manage version {}, using settings 'environment'", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(*address, format!("Starting development server at {url}"));
    assert_eq!(*quit, "Quit the server with CONTROL-C.");
}

#[case]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let project = Project::new(TestDatabase::sqlite());
    let transcript = project.run(&["runserver", &address]).expect_code(1);
    assert!(transcript.stderr.contains(&format!("Error: {address} is already in use.")), "{transcript}");
    let wrong = project.run(&["runserver", "99999"]).expect_code(2);
    assert!(wrong.stderr.contains("'99999' is not a valid port number or address:port pair."), "{wrong}");
}

#[case]
fn help_works_with_broken_settings() {
    for words in [&["help"][..], &["version"], &["--help"], &["help", "import_posts"]] {
        manage().env("DATABASE_URL", "nonsense://").args(words).run(SOON).expect_success();
    }
    let stopped =
        manage().env("DATABASE_URL", "nonsense://").args(["publish", "x"]).run(SOON).expect_code(78);
    assert!(stopped.stderr.contains("DATABASE_URL (environment)"), "{stopped}");
}

/// It runs where only a C library is installed.
#[case]
fn it_links_no_library_of_the_systems() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_manage")).output().expect("ldd");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let known = ["linux-vdso", "libc.so", "libm.so", "libgcc_s.so", "ld-linux"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
}
