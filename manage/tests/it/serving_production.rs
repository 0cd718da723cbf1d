//! What `serve` requires, limits and refuses.

use std::io::{BufReader, Read, Write};
use std::time::{Duration, Instant};

use manage::axum::Router;
use manage::axum::body::Bytes;
use manage::axum::http::header;
use manage::axum::response::IntoResponse;
use manage::axum::routing::{get, post};
use manage::server::{RequestInfo, Site};
use manage_test_support::{Program, Signal, case};

use crate::project::{AS_PROGRAM, Project};
use crate::serving::{SOON, Server, status};

/// The time of a handler in these tests.
const LIMIT: (&str, &str) = ("MANAGE_SERVER_REQUEST_TIMEOUT", "1");

#[manage::router]
fn urls(_: &Site) -> manage::Result<Router> {
    Ok(Router::new()
        .route("/whoami", get(whoami))
        .route("/forwarded", get(forwarded))
        .route("/slow", get(slow))
        .route("/received", post(async |body: Bytes| format!("{} bytes\n", body.len())))
        .route(
            "/text",
            get(async || ([(header::CONTENT_TYPE, "text/plain")], "all work and no play ".repeat(200))),
        ))
}

async fn whoami(info: RequestInfo) -> String {
    format!("{} {} {:?} {}\n", info.client(), info.scheme(), info.forwarded_host(), info.id())
}

/// The headers that a proxy may set, as a handler sees them.
async fn forwarded(headers: header::HeaderMap) -> impl IntoResponse {
    let seen = headers.iter().filter(|(name, _)| name.as_str().contains("forwarded"));
    seen.map(|(name, value)| format!("{name}={}\n", value.to_str().expect("text"))).collect::<String>()
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(1500)).await;
    "slow\n"
}

/// What comes back for a request with these headers.
pub(crate) fn answer(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let mut answer = Vec::new();
    let mut stream = server
        .send(format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}"));
    // The rest of a body that is refused may be answered by a reset.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a body").1
}

#[case]
fn the_allowed_hosts_are_required() {
    for variables in [&[][..], &[("MANAGE_SERVER_ALLOWED_HOSTS", " , ")]] {
        let project =
            variables.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
        let ran = project.run("serve 0 --skip-checks");
        assert_eq!(ran.exit.0, 78, "{}", ran.all());
        assert!(
            ran.err.starts_with("Error: No allowed hosts are set, and the production server"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("MANAGE_SERVER_ALLOWED_HOSTS=example.org"), "{}", ran.err);
    }
    let wrong = Project::new().env("MANAGE_SERVER_ALLOWED_HOSTS", "a,http://b/").run("serve 0 --skip-checks");
    assert_eq!(wrong.exit.0, 78, "{}", wrong.all());
    assert!(wrong.err.contains("entry 2 of allowed_hosts, '(a URL)', is not a host name."), "{}", wrong.err);
}

#[case]
fn a_misspelt_setting_is_named() {
    for (name, hint) in [
        ("MANAGE_SERVER_ALLOWED_HOST", true),
        ("MANAGE_SERVE_ALLOWED_HOSTS", true),
        ("MANAGE_ALLOWED_HOSTS", true),
        ("MANAGE_SERVER_MAX_CONNECTION", false),
        ("SERVER_NAME", false),
    ] {
        let ran = Project::new().env(name, "very-secret").run("serve 0 --skip-checks");
        assert_eq!(ran.exit.0, 78, "{}", ran.all());
        let text =
            format!("Hint: {name} (environment) is not read. Did you mean MANAGE_SERVER_ALLOWED_HOSTS? Set ");
        assert_eq!(ran.err.contains(&text), hint, "{}", ran.all());
        assert!(!ran.err.contains("very-secret"), "{}", ran.all());
    }
    // The others are warnings of the checks before it.
    let taken = Server::production(&[], &[]);
    for (name, meant) in [
        ("MANAGE_SERVER_MAX_CONNECTION", "MANAGE_SERVER_MAX_CONNECTIONS"),
        ("MANAGE_SERVER_REQUEST_TIMEOUTS", "MANAGE_SERVER_REQUEST_TIMEOUT"),
        ("MANAGE_SERVER_TRUSTED_PROXY", "MANAGE_SERVER_TRUSTED_PROXIES"),
        ("MANAGE_SERVER_METRIC_ADDRESS", "MANAGE_SERVER_METRICS_ADDRESS"),
        ("MANAGE_SERVER_FORWARD_HEADER", "MANAGE_SERVER_FORWARDED_HEADER"),
        ("MANAGE_SERVERS_ADDRESS", "MANAGE_SERVER_ADDRESS"),
        ("MANAGE_SERVER_CLIENT_TIMEOUTS", "MANAGE_SERVER_CLIENT_TIMEOUT"),
        ("MANAGE_SERVER_MAX_BODY_BYTE", "MANAGE_SERVER_MAX_BODY_BYTES"),
        ("MANAGE_SERVER_MAX_HEADER_BYTES", "MANAGE_SERVER_MAX_HEAD_BYTES"),
    ] {
        let ran = Project::new()
            .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
            .env(name, "7")
            .run(&format!("serve {}", taken.address));
        assert!(ran.err.contains(" is already in use."), "{}", ran.all());
        assert!(ran.err.contains(&format!("{name} (environment) is not read.")), "{}", ran.all());
        assert!(ran.err.contains(&format!("Did you mean {meant}?")), "{}", ran.all());
    }
}

#[case]
fn a_stranger_learns_nothing() {
    let mut server = Server::production(&[], &[]);
    let mut refused = String::new();
    server
        .send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        .read_to_string(&mut refused)
        .expect("an answer");
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    assert_eq!(body(&refused), "Bad Request: this server is not for the host 'evil.example'.\n");
    let line = server.logged("evil.example");
    assert!(
        line.ends_with("if it is yours: MANAGE_SERVER_ALLOWED_HOSTS=shop.example,evil.example)"),
        "{line}"
    );
    for host in ["shop.example", "localhost:1", "127.0.0.1"] {
        let mut served = String::new();
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        server.send(request).read_to_string(&mut served).expect("an answer");
        assert!(served.starts_with("HTTP/1.1 200 "), "{host}: {served}");
    }
    let panic = server.get("/panics");
    assert_eq!(body(&panic), "Internal Server Error\n");
}

#[case]
fn settings_that_have_moved() {
    for (old, new) in [
        ("MANAGE_RUNSERVER_ALLOWED_HOSTS", "MANAGE_SERVER_ALLOWED_HOSTS"),
        ("MANAGE_RUNSERVER_MAX_CONNECTIONS", "MANAGE_SERVER_MAX_CONNECTIONS"),
        ("MANAGE_RUNSERVER_CLIENT_TIMEOUT", "MANAGE_SERVER_CLIENT_TIMEOUT"),
    ] {
        for command in ["serve 0", "runserver 0", "check"] {
            let ran = Project::new().env(old, "very-secret").run(command);
            assert!(ran.err.contains(&format!("{old} (environment) is no longer read.")), "{}", ran.all());
            assert!(ran.err.contains(&format!("Set {new}, ")), "{}", ran.all());
            assert!(ran.exit.0 != 0 && !ran.err.contains("very-secret"), "{}", ran.all());
        }
    }
    for key in ["allowed_hosts = [\"a\"]", "max_connections = 3", "client_timeout_seconds = \"x\""] {
        let name = key.split(' ').next().expect("a name");
        let ran = Project::new().file("manage.toml", &format!("[runserver]\n{key}\n")).run("runserver 0");
        assert_eq!(ran.exit.0, 78, "{}", ran.all());
        assert!(
            ran.err.contains(&format!("manage.toml, line 2: {name} is no longer read below [runserver].")),
            "{}",
            ran.all()
        );
        assert!(ran.err.contains(&format!("Move {name} to the table [server]")), "{}", ran.all());
    }
}

#[case]
fn a_body_beyond_the_limit() {
    let mut server = Server::production(&[], &[("MANAGE_SERVER_MAX_BODY_BYTES", "100")]);
    let chunked = |size: usize| format!("{size:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(size));
    for (size, expected) in [(100, 200), (101, 413), (100_000, 413)] {
        let plain = "x".repeat(size);
        let length = format!("Content-Length: {size}\r\n");
        for (headers, body) in
            [(length.as_str(), plain.as_str()), ("Transfer-Encoding: chunked\r\n", &chunked(size))]
        {
            let answer = answer(&server, "POST /received", headers, body);
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{size} {headers}: {answer}");
        }
    }
    // Nothing is read of a body whose length is beyond it.
    let announced = server.send("POST /received HTTP/1.1\r\nHost: localhost\r\nContent-Length: 101\r\n\r\n");
    assert_eq!(status(&mut BufReader::new(announced)), "HTTP/1.1 413 Payload Too Large");
    let line = server.logged("413");
    assert!(line.ends_with("(the body is larger than MANAGE_SERVER_MAX_BODY_BYTES)"), "{line}");
}

#[case]
fn a_head_beyond_the_limit() {
    let mut server = Server::production(&[], &[("MANAGE_SERVER_MAX_HEAD_BYTES", "8192")]);
    let header = |size: usize| format!("X-Filler: {}\r\n", "x".repeat(size));
    assert!(answer(&server, "GET /", &header(7_000), "").starts_with("HTTP/1.1 200 "));
    assert!(answer(&server, "GET /", &header(20_000), "").starts_with("HTTP/1.1 431 "));
    assert!(server.logged("\"-\" 431 ").contains("head is too large"));
    let many = "X-A: 1\r\n".repeat(200);
    assert!(answer(&server, "GET /", &many, "").starts_with("HTTP/1.1 431 "));
}

#[case]
fn a_handler_that_takes_too_long() {
    let mut server = Server::production(&[], &[LIMIT]);
    let mut connection = BufReader::new(server.connect());
    for (path, expected) in
        [("/slow", "503 Service Unavailable"), ("/", "200 OK"), ("/never", "503 Service Unavailable")]
    {
        write!(connection.get_mut(), "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
        let start = Instant::now();
        assert_eq!(status(&mut connection), format!("HTTP/1.1 {expected}"));
        assert!(start.elapsed() < Duration::from_secs(20));
        let line = server.logged(&format!("\"GET {path} "));
        assert_eq!(line.ends_with("(the handler did not respond within 1 s)"), path != "/", "{line}");
    }
    // A response that goes on is not a handler's time.
    let mut events = BufReader::new(server.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let (mut text, mut bytes) = (Vec::new(), [0; 100]);
    while !String::from_utf8_lossy(&text).contains("data: two") {
        let length = events.read(&mut bytes).expect("an event");
        assert_ne!(length, 0, "the connection ended");
        text.extend_from_slice(&bytes[..length]);
    }
    // `runserver` waits: a developer may be in a debugger.
    assert!(body(&Server::start(&[]).get("/slow")).starts_with("slow"));
}

#[case]
fn an_upload_takes_the_clients_time() {
    let server = Server::production(&[], &[LIMIT]);
    let (parts, part) = (8, [b'x'; 600]);
    let length = parts * part.len();
    let mut client = server.send(format!(
        "POST /received HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ));
    for _ in 0..parts {
        std::thread::sleep(Duration::from_millis(400));
        client.write_all(&part).expect("a part");
    }
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    assert_eq!(body(&answer), format!("{length} bytes\n"), "{answer}");
}

#[case]
fn only_trusted_proxies_are_believed() {
    let spoof = "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n\
                 Forwarded: for=6.6.6.6\r\nX-Request-Id: chosen-1\r\n";
    let stranger = Server::production(&[], &[]);
    let seen = answer(&stranger, "GET /whoami", spoof, "");
    assert!(body(&seen).starts_with("127.0.0.1 http None "), "{seen}");
    assert!(!seen.contains("chosen-1"), "{seen}");
    assert_eq!(body(&answer(&stranger, "GET /forwarded", spoof, "")), "");
    let mut server = Server::production(&[], &[("MANAGE_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")]);
    let seen = answer(&server, "GET /whoami", spoof, "");
    assert_eq!(body(&seen), "1.2.3.4 https Some(\"shop.example\") chosen-1\n");
    assert!(seen.contains("x-request-id: chosen-1\r\n"), "{seen}");
    assert!(!body(&answer(&server, "GET /forwarded", spoof, "")).contains("forwarded=for"));
    // The host that a proxy names is checked as any other.
    let foreign = answer(&server, "GET /whoami", "X-Forwarded-Host: evil.example\r\n", "");
    assert!(foreign.starts_with("HTTP/1.1 400 "), "{foreign}");
    assert!(server.logged("/whoami").contains(" 200 "));
    for (name, value, error) in [
        (
            "MANAGE_SERVER_TRUSTED_PROXIES",
            "127.0.0.1,proxy",
            "entry 2 of trusted_proxies, 'proxy', is neither",
        ),
        (
            "MANAGE_SERVER_FORWARDED_HEADER",
            "x-client",
            "forwarded_header 'x-client' is not a header in which",
        ),
    ] {
        let project = Project::new().env("MANAGE_SERVER_ALLOWED_HOSTS", "*").env(name, value);
        let ran = project.run("serve 0 --skip-checks");
        assert_eq!(ran.exit.0, 78, "{}", ran.all());
        assert!(ran.err.starts_with(&format!("Error: {name} (environment): {error}")), "{}", ran.all());
    }
}

#[case]
fn each_request_has_an_id() {
    let server = Server::production(&[], &[("MANAGE_SERVER_TRUSTED_PROXIES", "127.0.0.1")]);
    let id = |headers: &str| {
        let answer = answer(&server, "GET /whoami", headers, "");
        let of_handler = body(&answer).trim_end().rsplit_once(' ').expect("an id").1.to_owned();
        let line = answer.lines().find(|line| line.starts_with("x-request-id: ")).expect("a header");
        assert_eq!(line.trim_start_matches("x-request-id: "), of_handler);
        of_handler
    };
    let (one, two) = (id(""), id(""));
    assert!(one != two && one.len() == 25, "{one} {two}");
    assert_eq!(id("X-Request-Id: 01J9Z6-abc\r\n"), "01J9Z6-abc");
    for insane in ["a b", "${jndi:ldap://x}", "\"", &"x".repeat(200)] {
        assert_eq!(id(&format!("X-Request-Id: {insane}\r\n")).len(), 25);
    }
    assert!(server.get("/none").contains("\r\nx-request-id: "));
    assert!(server.get("/panics").contains("\r\nx-request-id: "));
}

#[case]
fn where_it_cannot_listen() {
    let taken = Server::production(&[], &[]);
    let run = |options: &str| {
        let ran = Project::new()
            .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
            .run(&format!("serve --skip-checks {options}"));
        assert_eq!(ran.err.lines().filter(|line| line.starts_with("Error: ")).count(), 1, "{}", ran.all());
        (ran.exit.0, ran.err)
    };
    for (options, exit, text) in [
        (taken.address.as_str(), 1, " is already in use."),
        ("203.0.113.1:8000", 1, "203.0.113.1:8000 is not an address of this machine."),
        ("8000x", 2, "'8000x' is not a valid port number or address:port pair."),
        ("127.0.0.1:8000 -6", 2, "'127.0.0.1' is not a valid IPv6 address."),
        ("no-such-host.invalid:8000", 1, "Cannot listen at no-such-host.invalid:8000: "),
    ] {
        let (code, err) = run(options);
        assert!(code == exit && err.contains(text), "{options}: {code} {err}");
    }
    let of_setting = Project::new()
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .env("MANAGE_SERVER_ADDRESS", "many")
        .run("serve --skip-checks");
    assert!(
        of_setting.exit.0 == 78 && of_setting.err.contains("MANAGE_SERVER_ADDRESS (environment): 'many'"),
        "{}",
        of_setting.all()
    );
    let of_file = Project::new()
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .file("manage.toml", "[server]\naddress = \"8000x\"\n")
        .run("serve --skip-checks");
    let text = "manage.toml, line 2: address '8000x' is not a valid port number or address:port pair.";
    assert!(of_file.exit.0 == 78 && of_file.err.contains(text), "{}", of_file.all());
}

#[cfg(target_os = "linux")]
#[case]
fn several_processes_at_one_address() {
    let first = Server::production(&["--reuse-port"], &[]);
    let port = first.address.rsplit_once(':').expect("a port").1.to_owned();
    let mut second = Program::new(std::env::current_exe().expect("this program"))
        .env(AS_PROGRAM, "1")
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .args(["serve", &port, "--skip-checks", "--reuse-port"])
        .cwd(std::env::temp_dir())
        .spawn();
    second.wait_for_line("Starting production server at ", SOON);
    // One of them gets it; the other one goes on alone.
    assert!(first.get("/").ends_with("ok\n"));
    second.signal(Signal::TERM);
    second.wait(SOON).expect_success();
    for _ in 0..5 {
        assert!(first.get("/").ends_with("ok\n"));
    }
}

#[case]
fn a_stop_signal() {
    let mut server = Server::production(&["--shutdown-delay", "2"], &[]);
    let running = server.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.get("/");
    let start = Instant::now();
    server.running.signal(Signal::TERM);
    // While load balancers learn of it, new clients are served, and requests run to their end.
    let mut served = 0;
    while start.elapsed() < Duration::from_millis(1200) {
        assert!(server.get("/").ends_with("ok\n"));
        served += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(served > 1);
    assert_eq!(status(&mut BufReader::new(running)), "HTTP/1.1 200 OK");
    let transcript = server.running.wait(SOON).expect_success();
    assert!(start.elapsed() >= Duration::from_secs(2), "{transcript}");
    assert!(!transcript.stderr.contains("Aborted"), "{transcript}");
}

#[case]
fn requests_that_outlast_the_limit_are_aborted() {
    let mut server = Server::production(&["--shutdown-timeout", "1"], &[]);
    let _waiting = server.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.get("/");
    server.running.signal(Signal::TERM);
    let transcript = server.running.wait(SOON).expect_success();
    assert!(
        transcript.stderr.contains("Aborted the requests that were still running after 1 s."),
        "{transcript}"
    );
    assert!(transcript.stderr.contains("\"GET /never HTTP/1.1\" - - "), "{transcript}");
}

#[case]
fn runserver_in_production_warns() {
    let production = [("MANAGE_ENV", "production"), ("DATABASE_URL", "sqlite:db.sqlite3")];
    let mut server = Server::with(&[], &production);
    let line = server.running.wait_for_line("is the development server", SOON);
    assert!(line.starts_with("Warning: ") && line.ends_with(" serve` there."), "{line}");
    assert!(!Server::production(&[], &production).running.stderr().contains("Warning"));
}

#[cfg(not(feature = "metrics"))]
#[case]
fn metrics_that_are_not_compiled_in() {
    let project = Project::new()
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .env("MANAGE_SERVER_METRICS_ADDRESS", "127.0.0.1:0");
    let ran = project.run("serve 0 --skip-checks");
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    assert!(ran.err.contains("this program was built without metrics."), "{}", ran.all());
}

#[cfg(feature = "metrics")]
#[case]
fn metrics_at_an_address_of_their_own() {
    let mut server = Server::production(&[], &[("MANAGE_SERVER_METRICS_ADDRESS", "127.0.0.1:0")]);
    let line = server.running.wait_for_line("Serving metrics at http://127.0.0.1:", SOON);
    let address = line.split("http://").nth(1).and_then(|url| url.strip_suffix("/metrics")).expect("a URL");
    for path in ["/", "/", "/none"] {
        server.get(path);
        server.logged(&format!("\"GET {path} "));
    }
    answer(&server, "BREW /", "", "");
    server.logged("\"BREW /");
    let scrape = |path: &str| {
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    let text = scrape("/metrics");
    for line in [
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\"} 2",
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"404\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"_OTHER\",http_response_status_code=\"405\"} 1",
        "http_server_active_requests 0",
        "http_server_open_connections 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(scrape("/").starts_with("HTTP/1.1 404 "));
    assert!(server.get("/metrics").starts_with("HTTP/1.1 404 "));
}

#[cfg(feature = "metrics")]
#[case]
fn metrics_at_the_address_of_the_site() {
    let port = manage_test_support::free_port();
    let project = || Project::new().env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example");
    for (site, metrics) in
        [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0")]
    {
        let ran = project()
            .env("MANAGE_SERVER_ADDRESS", &format!("{site}:{port}"))
            .env("MANAGE_SERVER_METRICS_ADDRESS", &format!("{metrics}:{port}"))
            .run("serve --skip-checks");
        assert_eq!(ran.exit.0, 78, "{}", ran.all());
        let (start, end) = (
            "Error: MANAGE_SERVER_METRICS_ADDRESS (environment): the metrics need an address of their own",
            format!("the site's address {site}:{port} (MANAGE_SERVER_ADDRESS (environment))."),
        );
        assert!(ran.err.contains(start) && ran.err.contains(&end), "{}", ran.all());
    }
    let toml = format!("[server]\nmetrics_address = \"{port}\"\n");
    let ran = project().file("manage.toml", &toml).run(&format!("serve {port} --skip-checks"));
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    let texts = ["manage.toml, line 2: ", &format!("127.0.0.1:{port} (the command line).")];
    assert!(texts.iter().all(|text| ran.err.contains(text)), "{}", ran.all());
    assert!(!ran.err.contains("already in use"), "{}", ran.all());
}

#[cfg(feature = "compression")]
#[case]
fn compressed_responses() {
    let server = Server::production(&[], &[]);
    let plain = answer(&server, "GET /text", "", "");
    assert!(!plain.contains("content-encoding") && plain.contains("all work"), "{plain}");
    for encoding in ["gzip", "br"] {
        let answer = answer(&server, "GET /text", &format!("Accept-Encoding: {encoding}\r\n"), "");
        assert!(answer.contains(&format!("content-encoding: {encoding}\r\n")), "{answer}");
        assert!(answer.len() < plain.len() / 2 && answer.contains("vary: accept-encoding"), "{answer}");
    }
    let development = Server::start(&[]);
    assert!(!answer(&development, "GET /text", "Accept-Encoding: gzip\r\n", "").contains("content-encoding"));
}
