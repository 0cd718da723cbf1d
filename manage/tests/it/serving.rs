//! What `runserver` logs, and what becomes of a handler that panics and of a client that leaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Frame;
use manage::axum::Router;
use manage::axum::body::{Body, Bytes, HttpBody};
use manage::axum::extract::State;
use manage::axum::http::{StatusCode, header};
use manage::axum::response::{IntoResponse, Response};
use manage::axum::routing::{get, post};
use manage::database::Connection;
use manage::server::Site;
use manage_test_support::{Program, Running, Signal, case};

use crate::project::AS_PROGRAM;

pub(crate) const SOON: Duration = Duration::from_secs(30);

#[manage::router]
fn urls(site: &Site) -> manage::Result<Router> {
    Ok(Router::new()
        .route("/", get(async || "ok\n"))
        .route("/panics", get(panics))
        .route("/panics/connected", get(panics_connected))
        .route("/streams/{how}", get(streams))
        .route("/empty", get(async || StatusCode::NO_CONTENT))
        .route("/measured", get(measured))
        .route("/never", get(async || std::future::pending::<String>().await))
        .route("/upload", post(async |body: Bytes| format!("{} bytes\n", body.len())))
        .with_state(site.clone()))
}

async fn panics() -> String {
    panic!("the soup is \u{9b}31m cold\nand salty")
}

async fn panics_connected(State(site): State<Site>) -> Result<String, String> {
    let work = |_: &mut Connection| -> manage::Result<String> { panic!("the pot is empty") };
    site.pool().run(work).await.map_err(|error| error.to_string())
}

/// A body in parts, whose length is not known before its end.
struct Parts {
    left: u32,
    how: String,
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return match self.how.as_str() {
                "well" => Poll::Ready(None),
                "panics" => panic!("the bowl broke"),
                _ => Poll::Ready(Some(Err(std::io::Error::other("no more \u{202e}soup")))),
            };
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1000])))))
    }
}

async fn streams(path: manage::axum::extract::Path<String>) -> Body {
    let left = if path.0 == "on" { u32::MAX } else { 3 };
    Body::new(Parts { left, how: path.0 })
}

/// It names its length itself, and has no more to give.
async fn measured() -> Response {
    let body = Body::new(Parts { left: 3, how: "well".to_owned() });
    ([(header::CONTENT_LENGTH, "3000")], body).into_response()
}

/// `runserver` of this app, and where it listens.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    #[track_caller]
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::with(options, &[])
    }

    #[track_caller]
    pub(crate) fn with(options: &[&str], variables: &[(&str, &str)]) -> Self {
        let program = Program::new(std::env::current_exe().expect("this program"));
        Self::of(program, options, variables)
    }

    /// The same, by a program that starts this one.
    #[track_caller]
    pub(crate) fn of(program: Program, options: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::of_command(program, "runserver", options, variables)
    }

    /// A program without apps.
    #[cfg(debug_assertions)]
    #[track_caller]
    pub(crate) fn bare() -> Self {
        Self::with(&[], &[(AS_PROGRAM, "bare")])
    }

    /// `serve` instead.
    #[track_caller]
    pub(crate) fn production(options: &[&str], variables: &[(&str, &str)]) -> Self {
        let hosts = ("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example");
        let variables: Vec<_> = [hosts].into_iter().chain(variables.iter().copied()).collect();
        let program = Program::new(std::env::current_exe().expect("this program"));
        Self::of_command(program, "serve", options, &variables)
    }

    #[track_caller]
    pub(crate) fn of_command(
        program: Program,
        command: &str,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = program.env(AS_PROGRAM, "1");
        let program = variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        let mut running =
            program.cwd(folder.path()).args([command, "0", "--skip-checks"]).args(options).spawn();
        let line = running.wait_for_line(" server at http://", SOON);
        let url = line.split_once("http://").expect("a URL").1;
        let address = url.split('/').next().expect("an address").to_owned();
        Self { running, address, _folder: folder }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        stream
    }

    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).expect("a request");
        stream
    }

    /// Everything that comes back on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut answer = Vec::new();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        self.send(request).read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The rest of the line behind the time.
    #[track_caller]
    pub(crate) fn logged(&mut self, contains: &str) -> String {
        let line = self.running.wait_for_line(contains, SOON);
        without_duration(line.split_once("] ").map_or(&line, |(_, rest)| rest))
    }

    /// Stops it, and returns the lines of its log that are about requests.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.running.signal(Signal::TERM);
        let transcript = self.running.wait(SOON).expect_success();
        transcript.stderr.lines().filter(|line| line.contains("HTTP/1.1\"")).map(str::to_owned).collect()
    }
}

/// The line of a request without its duration, which must have the right form.
fn without_duration(line: &str) -> String {
    let Some((request, rest)) = line.rsplit_once("\" ") else { return line.to_owned() };
    let Some((start, end)) = rest.split_once("ms") else { return line.to_owned() };
    let Some((start, number)) = start.rsplit_once(' ') else { return line.to_owned() };
    let is_number = number.split_once('.').is_some_and(|(whole, rest)| {
        rest.len() == 1 && whole.chars().chain(rest.chars()).all(|c| c.is_ascii_digit())
    });
    if is_number { format!("{request}\" {start}{end}") } else { line.to_owned() }
}

/// The first line of a response, which is read to its end.
pub(crate) fn status(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).expect("a line"), 0, "the connection ended: {head}");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    reader.read_exact(&mut vec![0; length]).expect("a body");
    head.lines().next().unwrap_or_default().to_owned()
}

#[case]
fn a_handler_that_panics() {
    let mut server = Server::start(&[]);
    let mut connection = BufReader::new(server.connect());
    // The same connection goes on.
    for (path, expected) in [
        ("/panics?secret=1", "500 Internal Server Error"),
        ("/", "200 OK"),
        ("/panics", "500 Internal Server Error"),
    ] {
        write!(connection.get_mut(), "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
        assert_eq!(status(&mut connection), format!("HTTP/1.1 {expected}"));
    }
    let panic = server.logged("panicked");
    assert!(panic.starts_with("Error: GET /panics panicked at manage/tests/it/serving.rs:"), "{panic}");
    assert!(panic.ends_with(r": the soup is \u{9b}31m cold\nand salty"), "{panic}");
    assert_eq!(server.logged("/panics?secret"), "\"GET /panics?secret=1 HTTP/1.1\" 500 22");
    assert_eq!(server.logged("/ "), "\"GET / HTTP/1.1\" 200 3");
    let stderr = server.running.stderr();
    assert!(!stderr.contains("This is a bug") && !stderr.contains("stack backtrace"), "{stderr}");
    drop(connection);
    assert_eq!(server.stop().len(), 3);
}

/// The panic is another thread's, and still has its place; the pool is as usable as before.
#[cfg(feature = "sqlite")]
#[case]
fn a_handler_that_panics_with_a_connection() {
    let mut server = Server::start(&[]);
    for _ in 0..30 {
        assert!(server.get("/panics/connected").starts_with("HTTP/1.1 500 "));
    }
    let panic = server.logged("panicked");
    assert!(
        panic.starts_with("Error: GET /panics/connected panicked at manage/tests/it/serving.rs:"),
        "{panic}"
    );
    assert!(panic.ends_with(": the pot is empty"), "{panic}");
    assert!(!server.running.stderr().contains("This is a bug"), "{}", server.running.stderr());
    assert_eq!(server.stop().len(), 30);
}

#[case]
fn a_traceback_of_a_panic() {
    let mut server = Server::start(&["--traceback"]);
    assert!(server.get("/panics").starts_with("HTTP/1.1 500 "));
    server.logged("panicked at manage/tests/it/serving.rs:");
    server.logged("serving::panics");
    server.logged("\"GET /panics HTTP/1.1\" 500");
}

/// The usual trace of Rust, and not a second one.
#[case]
fn a_backtrace_by_the_variable() {
    let mut server = Server::with(&[], &[("RUST_BACKTRACE", "1")]);
    assert!(server.get("/panics").starts_with("HTTP/1.1 500 "));
    server.logged("Error: GET /panics panicked at manage/tests/it/serving.rs:");
    server.logged("\"GET /panics HTTP/1.1\" 500");
    let stderr = server.running.stderr();
    let frames = stderr.lines().filter(|line| line.trim_start().starts_with("0: ")).count();
    assert_eq!((stderr.matches("stack backtrace:").count(), frames), (1, 1), "{stderr}");
}

#[case]
fn a_panic_without_an_access_log() {
    let mut server = Server::start(&["--no-access-log"]);
    assert!(server.get("/panics").starts_with("HTTP/1.1 500 "));
    server.logged("Error: GET /panics panicked at manage/tests/it/serving.rs:");
    assert_eq!(server.stop(), Vec::<String>::new());
}

#[case]
fn a_body_that_breaks_off() {
    let mut server = Server::start(&[]);
    for (how, error) in [
        ("panics", "panicked at manage/tests/it/serving.rs:"),
        ("fails", r"the response body failed: no more \u{202e}soup"),
    ] {
        let answer = server.get(&format!("/streams/{how}"));
        // Without the last chunk, so that no client takes it for the whole.
        assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
        let line = server.logged("Error: ");
        assert!(line.starts_with(&format!("Error: GET /streams/{how}")) && line.contains(error), "{line}");
        assert_eq!(
            server.logged("HTTP/1.1\""),
            format!("\"GET /streams/{how} HTTP/1.1\" 200 3000 (the response body failed)")
        );
    }
    assert!(server.get("/").ends_with("\r\n\r\nok\n"));
}

#[case]
fn one_line_for_each_request() {
    let mut server = Server::start(&[]);
    let cases = [
        ("GET / HTTP/1.1", "200 3"),
        ("HEAD / HTTP/1.1", "200 0"),
        ("GET /streams/well HTTP/1.1", "200 3000"),
        ("HEAD /streams/well HTTP/1.1", "200 0"),
        ("GET /measured HTTP/1.1", "200 3000"),
        ("GET /empty HTTP/1.1", "204 0"),
        ("GET /none HTTP/1.1", "404 0"),
        ("POST / HTTP/1.1", "405 0"),
        ("GET / HTTP/1.0", "200 3"),
    ];
    for (line, expected) in cases {
        server
            .send(format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .read_to_end(&mut Vec::new())
            .expect("an answer");
        assert_eq!(server.logged(&format!("\"{line}\"")), format!("\"{line}\" {expected}"));
    }
    // Several requests of one connection, without waiting for the answers.
    let mut connection = server.send(
        "GET /?1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /?2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    connection.read_to_end(&mut Vec::new()).expect("two answers");
    assert_eq!(server.logged("/?1"), "\"GET /?1 HTTP/1.1\" 200 3");
    assert_eq!(server.logged("/?2"), "\"GET /?2 HTTP/1.1\" 200 3");
    // A line is complete when its answer is: a connection that stays open holds none back.
    let mut open = BufReader::new(server.send("GET /?open HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(status(&mut open), "HTTP/1.1 200 OK");
    assert_eq!(server.logged("/?open"), "\"GET /?open HTTP/1.1\" 200 3");
    drop(open);
    let lines = server.stop();
    assert_eq!(lines.len(), cases.iter().filter(|(line, _)| line.ends_with("1.1")).count() + 3, "{lines:#?}");
}

#[case]
fn nothing_raw_reaches_the_terminal() {
    let mut server = Server::start(&[]);
    for (path, shown) in [
        ("/\u{9b}31mred", r"/\u{9b}31mred"),
        ("/exe\u{202e}gpj?\u{2066}", r"/exe\u{202e}gpj?\u{2066}"),
        ("/\u{85}\u{9d}0;t\u{9c}\u{61c}\u{200f}\u{2028}", r"/\u{85}\u{9d}0;t\u{9c}\u{61c}\u{200f}\u{2028}"),
        ("/새", "/새"),
        ("/%1b%5b31m", "/%1b%5b31m"),
    ] {
        assert!(server.get(path).starts_with("HTTP/1.1 404"), "{path}");
        assert_eq!(server.logged("404"), format!("\"GET {shown} HTTP/1.1\" 404 0"));
    }
    let request = b"GET /\xff HTTP/1.1\r\nHost: \x1b[31m\xff\r\nUser-Agent: \xc2\x9b\r\n\r\n";
    server.send(request).read_to_end(&mut Vec::new()).expect("an answer");
    server.logged("400");
    let stderr = server.running.stderr();
    let raw =
        |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{61c}\u{200f}\u{2028}".contains(c);
    assert!(!stderr.contains(raw), "{stderr:?}");
}

#[case]
fn a_client_that_leaves() {
    let mut server = Server::start(&[]);
    let left = "(client closed the connection)";
    // Before the answer.
    let waiting = server.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // The server has it: a request that was sent later is answered.
    server.get("/");
    drop(waiting);
    assert_eq!(server.logged("/never"), format!("\"GET /never HTTP/1.1\" 499 - {left}"));
    // In the middle of its upload, with a length and in chunks.
    for body in ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n64\r\nhalf"] {
        drop(server.send(format!("POST /upload HTTP/1.1\r\nHost: localhost\r\n{body}")));
        assert_eq!(server.logged("/upload"), format!("\"POST /upload HTTP/1.1\" 499 - {left}"));
    }
    // In the middle of its download.
    let mut download = server.send("GET /streams/on HTTP/1.1\r\nHost: localhost\r\n\r\n");
    download.read_exact(&mut [0; 100_000]).expect("a part");
    download.shutdown(Shutdown::Both).expect("an end");
    drop(download);
    let line = server.logged("/streams/on");
    assert!(line.starts_with("\"GET /streams/on HTTP/1.1\" 200 ") && line.ends_with(left), "{line}");
    let sent: u64 = line.split(' ').nth(4).and_then(|size| size.parse().ok()).expect("a size");
    assert!(sent >= 90_000, "{line}");
    // In the middle of its request's head.
    drop(server.send("GET / HTTP/1.1\r\nHost: lo"));
    assert_eq!(server.logged("\"-\""), format!("\"-\" 499 - {left}"));
    // A client that only checks whether the port is open, or keeps a connection ready, is not one that left.
    drop(server.connect());
    let mut kept = BufReader::new(server.send("GET /?kept HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(status(&mut kept), "HTTP/1.1 200 OK");
    drop(kept);
    server.get("/?last");
    server.logged("/?last");
    let lines = server.stop();
    assert_eq!(lines.len(), 7, "{lines:#?}");
}

#[case]
fn what_is_not_http() {
    let mut server = Server::start(&[]);
    // The beginning of a TLS handshake, as from a browser at an https:// address.
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET /\x01 HTTP/1.1\r\n\r\n", b"\x1b]0;title\x07\r\n\r\n"]
    {
        server.send(bytes).read_to_end(&mut Vec::new()).expect("an answer");
        let line = server.logged("\"-\"");
        let expected =
            if bytes[0] == 22 { "a TLS handshake: this port speaks plain HTTP" } else { "invalid " };
        assert!(line.starts_with(&format!("\"-\" 400 - ({expected}")), "{line}");
    }
}

#[case]
fn a_request_that_is_cut_off_at_the_end() {
    let mut server = Server::start(&["--shutdown-timeout", "0"]);
    let _waiting = server.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.get("/");
    server.running.signal(Signal::TERM);
    let transcript = server.running.wait(SOON).expect_success();
    assert!(
        transcript.stderr.contains("Aborted the requests that were still running after 0 s"),
        "{transcript}"
    );
    // The client did not leave.
    assert!(!transcript.stderr.contains("499"), "{transcript}");
}
