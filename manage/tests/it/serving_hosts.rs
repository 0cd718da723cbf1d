//! Which hosts `runserver` answers to, and what its own responses forbid browsers to do.

use std::io::{Read, Write};

use manage_test_support::{Program, case};

use crate::project::AS_PROGRAM;
use crate::serving::{SOON, Server};

/// What comes back for a request that is written by hand.
fn answer(server: &Server, request: &str) -> String {
    let mut answer = Vec::new();
    let mut stream = server.send(request);
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(server: &Server, host: &str) -> String {
    answer(server, &format!("GET /?of={host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

#[track_caller]
fn expect(server: &Server, hosts: &[&str], status: u16) {
    for host in hosts {
        let answer = get(server, host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}\n{answer}");
    }
}

#[case]
fn foreign_hosts_are_refused() {
    let mut server = Server::start(&[]);
    let own = server.address.clone();
    expect(
        &server,
        &[&own, "localhost", "LocalHost:1", "shop.localhost", "127.0.0.2", "[::1]:8000", "10.1.2.3"],
        200,
    );
    expect(
        &server,
        &["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil", "web"],
        400,
    );
    let refused = get(&server, "Rebound.evil.example:8000");
    assert!(refused.contains("this server is not for the host 'rebound.evil.example'"), "{refused}");
    assert!(refused.contains("MANAGE_SERVER_ALLOWED_HOSTS=rebound.evil.example "), "{refused}");
    assert!(
        refused.contains("allowed_hosts = [\"rebound.evil.example\"] below [server] in manage.toml"),
        "{refused}"
    );
    let line = server.logged("Rebound");
    assert!(
        line.contains(" 400 ")
            && line.ends_with(
                "(the host 'rebound.evil.example' is not allowed; if it is yours: \
             MANAGE_SERVER_ALLOWED_HOSTS=rebound.evil.example)"
            ),
        "{line}"
    );
    // The handler never ran, and the connection is of no further use.
    assert!(refused.contains("connection: close") && !refused.contains("ok"), "{refused}");
    // A request for a WebSocket comes from any page.
    let upgrade = "GET /echo HTTP/1.1\r\nHost: evil.example\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    assert!(answer(&server, upgrade).starts_with("HTTP/1.1 400 "));
    let upload = "POST /upload HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhello";
    assert!(answer(&server, upload).starts_with("HTTP/1.1 400 "));
}

#[case]
fn what_is_malformed_is_refused_in_production_too() {
    let everywhere = [("MANAGE_ENV", "production"), ("DATABASE_URL", "sqlite:db.sqlite3")];
    let any = [everywhere[0], everywhere[1], ("MANAGE_SERVER_ALLOWED_HOSTS", "*")];
    for variables in [&[][..], &everywhere, &any] {
        let server = Server::with(&[], variables);
        for (host, line) in [
            ("Host: localhost\r\nHost: localhost", "GET / HTTP/1.1"),
            ("Host: localhost\r\nHost: evil.example", "GET / HTTP/1.1"),
            ("Host: localhost\r\nhost: localhost", "GET / HTTP/1.0"),
            ("Host: user@localhost", "GET / HTTP/1.1"),
            ("Host: localhost/", "GET / HTTP/1.1"),
            ("Host: localhost, evil.example", "GET / HTTP/1.1"),
            ("Host: local\u{e9}host", "GET / HTTP/1.1"),
            ("Host: [::1", "GET / HTTP/1.1"),
            ("Host: localhost:99999", "GET / HTTP/1.1"),
            ("Host:", "GET / HTTP/1.1"),
            ("Accept: */*", "GET / HTTP/1.1"),
            ("Host: localhost", "GET http://evil.example/ HTTP/1.1"),
            ("Accept: */*", "GET http://evil.example/ HTTP/1.1"),
            ("Host: localhost", "GET http://user@localhost/ HTTP/1.1"),
        ] {
            let refused = answer(&server, &format!("{line}\r\n{host}\r\nConnection: close\r\n\r\n"));
            let status = refused.split(' ').nth(1);
            assert_eq!(status, Some("400"), "{line} {host}\n{refused}");
        }
        for (host, line) in [
            ("Accept: */*", "GET / HTTP/1.0"),
            ("Host: localhost", "GET / HTTP/1.0"),
            ("Host: LOCALHOST:80", "GET http://localhost/ HTTP/1.1"),
        ] {
            let served = answer(&server, &format!("{line}\r\n{host}\r\nConnection: close\r\n\r\n"));
            assert_eq!(served.split(' ').nth(1), Some("200"), "{line} {host}\n{served}");
        }
    }
}

#[case]
fn the_settings_add_hosts() {
    let mut server = Server::with(&[], &[("MANAGE_SERVER_ALLOWED_HOSTS", "web, .Example.test,")]);
    expect(&server, &["web:8000", "example.test", "a.b.example.test", "localhost", "10.1.2.3"], 200);
    expect(&server, &["badexample.test", "example.test.evil.example", "x.web"], 400);
    let refused = get(&server, "evil.example");
    assert!(refused.contains("MANAGE_SERVER_ALLOWED_HOSTS=evil.example "), "{refused}");
    // The other hosts are in the log alone: a stranger does not learn them.
    assert!(!refused.contains("example.test"), "{refused}");
    let line = server.logged("'evil.example' is not allowed");
    assert!(line.contains("MANAGE_SERVER_ALLOWED_HOSTS=web,.example.test,evil.example)"), "{line}");
    let production = [("MANAGE_ENV", "production"), ("DATABASE_URL", "sqlite:db.sqlite3")];
    let server = Server::with(&[], &production);
    expect(&server, &["shop.example", "10.1.2.3"], 200);
    let server =
        Server::with(&[], &[production[0], production[1], ("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")]);
    expect(&server, &["shop.example", "127.0.0.1", "localhost:8000"], 200);
    expect(&server, &["evil.example", "10.1.2.3"], 400);
}

#[case]
fn a_wrong_setting_has_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |table: &str| {
        std::fs::write(folder.path().join("manage.toml"), format!("[server]\n{table}\n")).expect("a file");
        let program = Program::new(std::env::current_exe().expect("this program")).env(AS_PROGRAM, "1");
        program.cwd(folder.path()).args(["runserver", "0", "--skip-checks"])
    };
    for (table, error) in [
        (
            "allowed_hosts = [\"web\", \"http://u:very-secret@x/\"]",
            "manage.toml, line 2: entry 2 of allowed_hosts, '(a URL)', is not a host name.",
        ),
        ("allowed_hosts = \"web\"", "manage.toml, line 2: expected a list in brackets, found a text."),
        ("allowed_hosts = [\"\"]", "manage.toml, line 2: entry 1 of allowed_hosts, '', is not a host name."),
        (
            "max_connections = 0",
            "manage.toml, line 2: max_connections must be a whole number of connections, from 1 up, not '0'.",
        ),
        ("max_connections = -1", "a whole number of connections, from 1 up, not '-1'."),
        ("max_connections = \"many very-secret\"", "a whole number of connections, from 1 up.\n"),
        (
            "max_body_bytes = \"10m\"",
            "line 2: max_body_bytes must be a whole number of bytes, from 1 up, not \"10m\".",
        ),
        (
            "max_head_bytes = 100",
            "line 2: max_head_bytes must be a whole number of bytes, from 8192 up, not '100'.",
        ),
        (
            "client_timeout_seconds = 1.5",
            "line 2: client_timeout_seconds must be a whole number of seconds, from 1 up, not '1.5'.",
        ),
        ("request_timeout_seconds = \"\"", "a whole number of seconds, from 1 up, not \"\"."),
        ("request_timeout_seconds = \"2\"", "request_timeout_seconds = 30 below [server] in manage.toml."),
        ("client_timeout = 3", "manage.toml, line 2: unknown key "),
    ] {
        let failed = run(table).run(SOON).expect_code(78);
        assert!(failed.stderr.contains(error), "{table}\n{failed}");
        assert!(!failed.stderr.contains("very-secret"), "{failed}");
    }
    for (variable, value, text) in [
        ("MANAGE_SERVER_MAX_CONNECTIONS", "very-secret", "from 1 up.\n"),
        ("MANAGE_SERVER_CLIENT_TIMEOUT", "0", "from 1 up, not '0'."),
        ("MANAGE_SERVER_CLIENT_TIMEOUT", "+3", "from 1 up, not '+3'."),
        ("MANAGE_SERVER_CLIENT_TIMEOUT", "2s", "a whole number of seconds, from 1 up, not '2s'."),
        ("MANAGE_SERVER_CLIENT_TIMEOUT", "99999999999", "from 1 to 4294967295, not '99999999999'."),
        (
            "MANAGE_SERVER_REQUEST_TIMEOUT",
            "none",
            "not 'none'.\nHint: Write the number without a unit: MANAGE_SERVER_REQUEST_TIMEOUT=30",
        ),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "https://very-secret@example.test", "Hint: Write example.org"),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "a,https://Example.test/", "entry 2 of allowed_hosts, '(a URL)'"),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "https://Example.test/x", "Hint: Did you mean example.test? Write"),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "example.test/path", "'example.test/path', is not a host name"),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "example.test:8000", "Did you mean example.test? "),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "*.example.test", "Did you mean .example.test? "),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "::1", "Did you mean [::1]? "),
    ] {
        let failed = run("").env(variable, value).run(SOON).expect_code(78);
        assert!(failed.stderr.contains(&format!("Error: {variable} (environment): ")), "{failed}");
        assert!(failed.stderr.contains(text), "{text}\n{failed}");
        assert!(!failed.stderr.contains("very-secret"), "{failed}");
    }
    // Other commands are not stopped by it.
    let other = Program::new(std::env::current_exe().expect("this program")).env(AS_PROGRAM, "1");
    other
        .cwd(folder.path())
        .arg("version")
        .env("MANAGE_SERVER_CLIENT_TIMEOUT", "0")
        .run(SOON)
        .expect_success();
}

#[case]
fn own_responses_are_secured() {
    let server = Server::start(&[]);
    let headers = [
        "content-type: text/plain; charset=utf-8",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        "referrer-policy: no-referrer",
    ];
    for (own, answer) in [
        (true, get(&server, "evil.example")),
        (true, server.get("/panics")),
        (false, server.get("/")),
        (false, server.get("/measured")),
    ] {
        // What a handler answers is its project's.
        for header in headers.into_iter().filter(|header| own || !header.starts_with("content-type")) {
            assert_eq!(answer.contains(header), own, "{header}\n{answer}");
        }
    }
    let mut head = server.send("HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    head.flush().expect("a request");
    let mut answer = String::new();
    head.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}
