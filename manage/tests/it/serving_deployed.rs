//! The examples of docs/guide/serving.md: behind nginx, and below systemd.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use manage::axum::Router;
use manage::axum::body::{Body, Bytes};
use manage::axum::http::header;
use manage::axum::response::IntoResponse;
use manage::axum::routing::{get, post};
use manage::server::Site;
use manage_test_support::{Link, Need, Program, Proxy, Running, Signal, case, free_port, needs, wait_until};

use crate::project::AS_PROGRAM;
use crate::serving::{SOON, Server};
use crate::serving_limits::Events;

const DOCUMENT: &str = include_str!("../../../docs/guide/serving.md");

/// Whether the first event has been seen.
static IS_SEEN: AtomicBool = AtomicBool::new(false);

#[manage::router(prefix = "/deployed")]
fn urls(_: &Site) -> manage::Result<Router> {
    let seen = async || IS_SEEN.store(true, Ordering::SeqCst);
    Ok(Router::new().route("/events", get(events)).route("/seen", post(seen)))
}

/// Two events, the second of which comes only when the first one has been seen.
async fn events() -> impl IntoResponse {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let _ = sender.send(Bytes::from("data: first\n\n")).await;
        while !IS_SEEN.load(Ordering::SeqCst) && !sender.is_closed() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let _ = sender.send(Bytes::from("data: second\n\n")).await;
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(Events(receiver)))
}

/// Returns the examples of a language, such as `nginx`.
fn examples(language: &str) -> Vec<&'static str> {
    let blocks = DOCUMENT.split("```").skip(1).step_by(2);
    let found: Vec<_> = blocks.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect();
    assert!(!found.is_empty(), "docs/guide/serving.md has no example of {language}");
    found
}

/// A server behind nginx with the document's configuration.
struct Deployed {
    nginx: Running,
    address: SocketAddr,
    /// Between nginx and the server: it counts the connections.
    upstream: Proxy,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Deployed {
    fn start() -> Self {
        let server = Server::production(&[], &[("MANAGE_SERVER_TRUSTED_PROXIES", "127.0.0.1")]);
        let port = server.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let upstream = Proxy::to(port, Link::Good);
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let example = examples("nginx").concat();
        let own = [
            ("server 127.0.0.1:8000;", format!("server 127.0.0.1:{};", upstream.port())),
            ("listen 443 ssl;", format!("listen {address};")),
        ];
        let example = own.iter().fold(example, |example, (theirs, ours)| {
            assert_eq!(example.matches(theirs).count(), 1, "{theirs}");
            example.replace(theirs, ours)
        });
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {}/{name};", folder.path().display()));
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr info;\nevents {{}}\n\
             http {{\naccess_log off;\n{1}\n{example}\n}}\n",
            folder.path().display(),
            paths.join("\n"),
        );
        std::fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
        let nginx = Program::new("nginx").args(["-p", ".", "-c", "nginx.conf"]).cwd(folder.path()).spawn();
        wait_until(SOON, "nginx", || TcpStream::connect(address).is_ok());
        Self { nginx, address, upstream, _server: server, _folder: folder }
    }

    /// Sends a request from another address of this machine, which is no trusted proxy.
    fn send(&self, head: &str) -> BufReader<TcpStream> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connected = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from(([127, 0, 0, 2], 0)))?;
            socket.connect(self.address).await?.into_std()
        });
        let mut stream = connected.expect("a connection");
        stream.set_nonblocking(false).expect("a socket");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        write!(stream, "{head}\r\nHost: shop.example\r\n\r\n").expect("a request");
        BufReader::new(stream)
    }

    fn answer(&self, head: &str) -> String {
        let mut answer = String::new();
        let head = format!("{head}\r\nConnection: close");
        self.send(&head).read_to_string(&mut answer).expect("an answer");
        answer
    }
}

/// Reads until a line begins like this.
#[track_caller]
fn line(stream: &mut impl BufRead, start: &str) -> String {
    let mut all = String::new();
    loop {
        let from = all.len();
        assert_ne!(stream.read_line(&mut all).expect("a line"), 0, "no {start}: {all}");
        if all[from..].starts_with(start) {
            return all[from..].to_owned();
        }
    }
}

#[case(needs(Need::Program("nginx")))]
fn nginx_in_front() {
    let mut site = Deployed::start();

    // Nothing of what a client claims is believed, and the id is the one in nginx's log.
    let claims = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example";
    let answer = site.answer(&format!("GET /whoami HTTP/1.1\r\n{claims}\r\nX-Request-Id: mine"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    let id = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("x-request-id: ").map(str::to_owned));
    let id = id.expect("an id");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert!(body.contains(&format!("127.0.0.2 http None {id}\n")), "{answer}");

    // Connections to the server are kept.
    let before = site.upstream.accepted();
    for _ in 0..20 {
        assert!(site.answer("GET / HTTP/1.1").ends_with("ok\n"));
    }
    let opened = site.upstream.accepted() - before;
    assert!(opened <= 1, "{opened} connections for 20 requests");

    // Events arrive one by one.
    let mut events = site.send("GET /deployed/events HTTP/1.1");
    line(&mut events, "data: first");
    assert!(site.answer("POST /deployed/seen HTTP/1.1\r\nContent-Length: 0").starts_with("HTTP/1.1 200 "));
    line(&mut events, "data: second");

    // A WebSocket, or any other protocol.
    let mut echo = site.send("GET /echo HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo");
    assert!(line(&mut echo, "HTTP/1.1 ").contains(" 101 "));
    line(&mut echo, "\r\n");
    for word in ["one\n", "two\n"] {
        echo.get_mut().write_all(word.as_bytes()).expect("a message");
        assert_eq!(line(&mut echo, word), word);
    }
    drop(echo);
    site.nginx.signal(Signal::TERM);
    site.nginx.wait(SOON).expect_success();
}

#[case(needs(Need::Program("systemd-socket-activate")))]
fn systemd_passes_the_socket() {
    let address = format!("127.0.0.1:{}", free_port());
    let program = std::env::current_exe().expect("this program");
    let mut running = Program::new("systemd-socket-activate")
        .args(["--listen", &address])
        .arg(format!("--setenv={AS_PROGRAM}=1"))
        .args(["--setenv=MANAGE_SERVER_ALLOWED_HOSTS=shop.example", "--setenv=RUST_BACKTRACE=0"])
        .arg(program)
        .args(["serve", "--skip-checks", "--no-access-log"])
        .spawn();
    wait_until(SOON, "the socket", || TcpStream::connect(&address).is_ok());
    // The first client starts the server, and waits for it.
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }
    let line = running.wait_for_line("Starting production server at http://", SOON);
    assert!(line.contains(&address), "{line}");
    running.signal(Signal::TERM);
    running.wait(SOON).expect_success();
}

#[case(needs(Need::Program("systemd-analyze")))]
fn the_units_are_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut units = Vec::new();
    for example in examples("ini") {
        let (place, unit) = example.split_once('\n').expect("lines");
        let name = place.strip_prefix("# ").map(Path::new).and_then(Path::file_name).expect("a place");
        // Its program must exist.
        let unit = unit.replace("/usr/local/bin/manage", "/bin/true");
        std::fs::write(folder.path().join(name), unit).expect("a file");
        units.push(folder.path().join(name));
    }
    assert_eq!(units.len(), 2, "{units:?}");
    let mut verify = Command::new("systemd-analyze");
    let output = verify.args(["--man=no", "verify"]).args(&units).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
