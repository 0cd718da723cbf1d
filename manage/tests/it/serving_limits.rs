//! What a client can cost `runserver`: clients that keep it waiting, and more of them than there is room for.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hyper::upgrade;
use manage::axum::Router;
use manage::axum::body::{Body, Bytes};
use manage::axum::extract::Request;
use manage::axum::http::{StatusCode, header};
use manage::axum::response::{IntoResponse, Response};
use manage::axum::routing::get;
use manage::server::Site;
use manage_test_support::{Program, case};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::serving::{SOON, Server, status};

/// The time of a client in these tests, and one that is clearly longer.
const LIMIT: (&str, &str) = ("MANAGE_SERVER_CLIENT_TIMEOUT", "1");
const LONGER: Duration = Duration::from_secs(3);

/// More time than a test takes, where clients shall not be cut off.
const FOREVER: (&str, &str) = ("MANAGE_SERVER_CLIENT_TIMEOUT", "600");

#[manage::router]
fn urls(site: &Site) -> manage::Result<Router> {
    Ok(Router::new()
        .route("/later", get(later))
        .route("/events", get(events))
        .route("/echo", get(echo))
        .route("/files/take", get(take_files))
        .route("/files/release", get(release_files))
        .with_state(site.clone()))
}

/// An answer that takes longer than a client may.
async fn later() -> &'static str {
    tokio::time::sleep(LONGER).await;
    "later\n"
}

/// Two events with a long silence between them.
async fn events() -> Response {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for event in ["data: one\n\n", "data: two\n\n"] {
            let _ = sender.send(Bytes::from(event)).await;
            tokio::time::sleep(LONGER).await;
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(Events(receiver))).into_response()
}

/// The body of a stream of events.
pub(crate) struct Events(pub(crate) tokio::sync::mpsc::Receiver<Bytes>);

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(hyper::body::Frame::data(bytes))))
    }
}

/// A protocol of its own, as a WebSocket is: it sends back what it gets.
async fn echo(request: Request) -> Response {
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade::on(request).await else { return };
        let mut stream = hyper_util::rt::TokioIo::new(upgraded);
        let mut bytes = [0; 100];
        while let Ok(length @ 1..) = stream.read(&mut bytes).await {
            let _ = stream.write_all(&bytes[..length]).await;
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")])
        .into_response()
}

static FILES: Mutex<Vec<File>> = Mutex::new(Vec::new());

async fn take_files() -> String {
    let mut files = FILES.lock().expect("files");
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    format!("{}\n", files.len())
}

async fn release_files() -> &'static str {
    FILES.lock().expect("files").clear();
    "released\n"
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Reads to the end, which may be a reset.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection goes on: {error}"),
        _ => bytes,
    }
}

#[case]
fn a_client_that_never_reads() {
    let mut server = Server::with(&[], &[LIMIT]);
    let clients: Vec<TcpStream> = (0..20).map(|_| server.send(request("/streams/on"))).collect();
    for _ in &clients {
        let line = server.logged("/streams/on");
        assert!(line.starts_with("\"GET /streams/on HTTP/1.1\" 200 "), "{line}");
        assert!(line.ends_with(" (cut off: the client reads too slowly)"), "{line}");
        // What the kernel keeps for such a client is limited, too.
        let sent: u64 = line.split(' ').nth(4).and_then(|sent| sent.parse().ok()).expect("a number");
        assert!(sent < 4 << 20, "{line}");
    }
    for client in clients {
        rest(client);
    }
    assert!(server.get("/").ends_with("ok\n"));
}

#[case]
fn a_client_that_reads_a_byte_now_and_then() {
    let mut server = Server::with(&[], &[LIMIT]);
    let mut client = server.send(request("/streams/on"));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let reading = std::thread::spawn(move || {
        while stopped
            .recv_timeout(Duration::from_millis(20))
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            if !matches!(client.read(&mut [0]), Ok(1)) {
                break;
            }
        }
    });
    let line = server.logged("/streams/on");
    assert!(line.ends_with(" (cut off: the client reads too slowly)"), "{line}");
    drop(stop);
    reading.join().expect("a reader");
}

/// Small responses, of which each fits into what is on the way, and no end of them.
#[case]
fn a_client_that_never_reads_what_it_asks_for() {
    let server = Server::with(&["--no-access-log"], &[LIMIT]);
    let mut client = server.connect();
    client.set_write_timeout(Some(SOON)).expect("a time limit");
    let many = request("/").repeat(1_000);
    let error = loop {
        if let Err(error) = client.write_all(many.as_bytes()) {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error:?}");
}

#[case]
fn a_client_that_reads_on_is_not_cut_off() {
    let server = Server::with(&[], &[LIMIT]);
    let mut client = server.send(request("/streams/on"));
    let start = Instant::now();
    // Slow, but faster than the kernel's buffers are large.
    let mut bytes = vec![0; 200_000];
    while start.elapsed() < LONGER {
        client.read_exact(&mut bytes).expect("more of it");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[case]
fn a_body_that_trickles() {
    let mut server = Server::with(&[], &[LIMIT]);
    for head in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut client = server.send(format!("POST /upload HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n"));
        let mut writer = client.try_clone().expect("a second handle");
        let part = if head.starts_with('C') { "x" } else { "1\r\nx\r\n" };
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let writing = std::thread::spawn(move || {
            while stopped
                .recv_timeout(Duration::from_millis(50))
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                if writer.write_all(part.as_bytes()).is_err() {
                    break;
                }
            }
        });
        let mut first = [0; 32];
        client.read_exact(&mut first).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&first), "HTTP/1.1 408 Request Timeout\r\nco");
        let line = server.logged("/upload");
        assert_eq!(line, "\"POST /upload HTTP/1.1\" 408 16 (cut off: the client sends too slowly)");
        drop(stop);
        writing.join().expect("a writer");
    }
    // A client that sends nothing more at all.
    let silent = server.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    assert!(rest(silent).starts_with(b"HTTP/1.1 408 "));
}

#[case]
fn a_body_that_goes_on_is_not_cut_off() {
    let server = Server::with(&[], &[LIMIT]);
    let (parts, part) = (30, [b'x'; 100]);
    let length = parts * part.len();
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let mut client = server.send(head);
    for _ in 0..parts {
        std::thread::sleep(Duration::from_millis(100));
        client.write_all(&part).expect("a part");
    }
    let answer = String::from_utf8(rest(client)).expect("UTF-8");
    assert!(answer.ends_with("\r\n\r\n3000 bytes\n"), "{answer}");
}

#[case]
fn a_silent_server_cuts_nobody_off() {
    let server = Server::with(&[], &[LIMIT]);
    let close = |path: &str| request(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let (later, events) = (server.send(close("/later")), server.send(close("/events")));
    let mut echo =
        server.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    let later = String::from_utf8(rest(later)).expect("UTF-8");
    assert!(later.starts_with("HTTP/1.1 200 ") && later.ends_with("later\n"), "{later}");
    let events = String::from_utf8(rest(events)).expect("UTF-8");
    assert!(events.contains("data: one\n\n") && events.contains("data: two\n\n"), "{events}");
    // By now both ends of the third were silent for as long.
    let mut echoed = BufReader::new(echo.try_clone().expect("a second handle"));
    assert_eq!(status(&mut echoed), "HTTP/1.1 101 Switching Protocols");
    echo.write_all(b"hello").expect("a word");
    let mut word = [0; 5];
    echoed.read_exact(&mut word).expect("the word");
    assert_eq!(&word, b"hello");
}

#[case]
fn idle_connections_end() {
    let server = Server::with(&[], &[LIMIT]);
    let mut used = BufReader::new(server.send(request("/")));
    assert_eq!(status(&mut used), "HTTP/1.1 200 OK");
    assert_eq!(rest(used.into_inner()), b"");
    assert_eq!(rest(server.connect()), b"");
    assert_eq!(rest(server.send("GET / HTTP/1.1\r\nHost: lo")), b"");
}

#[case]
fn no_more_connections_than_set() {
    let mut server =
        Server::with(&["--shutdown-timeout", "0"], &[FOREVER, ("MANAGE_SERVER_MAX_CONNECTIONS", "2")]);
    let first = server.send(request("/never"));
    let _second = server.send(request("/never"));
    let line = server.logged("Warning: ");
    assert_eq!(
        line,
        "Warning: All 2 connections are in use; further clients wait until one ends. \
         Set MANAGE_SERVER_MAX_CONNECTIONS to allow more."
    );
    let mut third = server.send(request("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    third.set_read_timeout(Some(Duration::from_millis(300))).expect("a time limit");
    let waiting = third.read(&mut [0]).expect_err("no answer yet");
    assert!(matches!(waiting.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waiting}");
    third.set_read_timeout(Some(SOON)).expect("a time limit");
    drop(first);
    assert!(rest(third).ends_with(b"ok\n"));
    // Once in a while is enough.
    let _third = server.send(request("/never"));
    let fourth = server.send(request("/"));
    server.logged("/never");
    assert_eq!(server.running.stderr().matches("in use").count(), 1, "{}", server.running.stderr());
    let start = Instant::now();
    server.stop();
    assert!(start.elapsed() < Duration::from_secs(8), "a full server stops as well");
    drop(fourth);
}

#[case]
fn idle_connections_make_room() {
    let server = Server::with(&[], &[FOREVER, ("MANAGE_SERVER_MAX_CONNECTIONS", "1")]);
    let mut idle = BufReader::new(server.send(request("/")));
    assert_eq!(status(&mut idle), "HTTP/1.1 200 OK");
    for _ in 0..3 {
        assert!(server.get("/").ends_with("ok\n"));
    }
    assert_eq!(rest(idle.into_inner()), b"");
    // While there is room, connections are kept.
    let server = Server::with(&[], &[FOREVER, ("MANAGE_SERVER_MAX_CONNECTIONS", "20")]);
    let mut kept = BufReader::new(server.send(request("/")));
    for _ in 0..3 {
        assert_eq!(status(&mut kept), "HTTP/1.1 200 OK");
        assert!(server.get("/").ends_with("ok\n"));
        kept.get_mut().write_all(request("/").as_bytes()).expect("a request");
    }
    assert_eq!(status(&mut kept), "HTTP/1.1 200 OK");
}

#[case]
fn an_upgraded_connection_counts() {
    let server = Server::with(&[], &[FOREVER, ("MANAGE_SERVER_MAX_CONNECTIONS", "1")]);
    let upgraded =
        server.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    let mut upgraded = BufReader::new(upgraded);
    assert_eq!(status(&mut upgraded), "HTTP/1.1 101 Switching Protocols");
    let mut other = server.send(request("/"));
    other.set_read_timeout(Some(Duration::from_millis(300))).expect("a time limit");
    assert!(other.read(&mut [0]).is_err(), "there is one connection");
    other.set_read_timeout(Some(SOON)).expect("a time limit");
    drop(upgraded);
    assert_eq!(status(&mut BufReader::new(other)), "HTTP/1.1 200 OK");
}

/// `runserver` with so many descriptors.
#[cfg(target_os = "linux")]
fn with_descriptors(count: u32, variables: &[(&str, &str)]) -> Server {
    let this = std::env::current_exe().expect("this program");
    let limit = format!("ulimit -n {count} && exec \"$0\" \"$@\"");
    Server::of(Program::new("sh").args(["-c", &limit]).arg(this), &[], variables)
}

#[cfg(target_os = "linux")]
#[case]
fn connections_leave_descriptors_free() {
    let mut server = with_descriptors(32, &[FOREVER]);
    let mut clients: Vec<TcpStream> = (0..40).map(|_| server.send(request("/never"))).collect();
    let line = server.logged("in use; further clients wait until one ends");
    assert!(
        line.ends_with(
            "There are not enough file descriptors: raise the limit of the process (`ulimit -n`)."
        ),
        "{line}"
    );
    let last = server.send(request("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    clients.clear();
    assert!(rest(last).ends_with(b"ok\n"));
    let stderr = server.running.stderr();
    assert!(!stderr.contains("Cannot accept"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[case]
fn running_out_of_descriptors() {
    let mut server = with_descriptors(64, &[FOREVER]);
    let mut first = BufReader::new(server.send(request("/files/take")));
    assert_eq!(status(&mut first), "HTTP/1.1 200 OK");
    let waiting = server.send(request("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    let line = server.logged("Error: ");
    assert_eq!(
        line,
        "Error: Cannot accept connections: Too many open files (os error 24). Every file descriptor of this process is in \
         use: raise the limit (`ulimit -n`), or lower MANAGE_SERVER_MAX_CONNECTIONS. Clients wait until this succeeds again."
    );
    let before = ticks(server.running.pid());
    std::thread::sleep(Duration::from_secs(1));
    // Of the hundred that a busy loop would use.
    let used = ticks(server.running.pid()) - before;
    assert!(used < 20, "{used} ticks in a second");
    assert_eq!(server.running.stderr().matches("Cannot accept").count(), 1, "{}", server.running.stderr());
    first.get_mut().write_all(request("/files/release").as_bytes()).expect("a request");
    assert_eq!(status(&mut first), "HTTP/1.1 200 OK");
    assert!(rest(waiting).ends_with(b"ok\n"));
}

/// The processor time of a process.
#[cfg(target_os = "linux")]
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, fields) = stat.rsplit_once(") ").expect("fields");
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}
