//! HTTP: statuses, odd answers, and what is asked.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc;

use manage_test_support::{TestDatabase, case};

use super::{not_yet, ready, request, says, serve, until_gone, wait, wrong};
use crate::project::Project;

#[case]
fn statuses_of_a_real_server() {
    let project = Project::new(TestDatabase::sqlite()).migrated();
    let server = project.serve();
    let articles = format!("{}api/articles", server.url);
    let missing = format!("{}nothing/here?token=s3cret", server.url);
    let ran = ready(&articles);
    assert!(ran.stdout.contains("HTTP 200 at 127.0.0.1:"), "{ran}");
    let ran = not_yet(&missing, &[], "HTTP 404: it answers, but reports that it is unhealthy");
    assert!(!ran.stdout.contains("s3cret") && !ran.stderr.contains("s3cret"), "{ran}");
    for expected in ["404", "400-404", "200,404", "200-299,400-499"] {
        wait(&missing, &["--expect", expected]).expect_success();
    }
    not_yet(&articles, &["--expect", "201-299,404"], "HTTP 200: it answers");
    for expected in ["", "2xx", "99", "600", "299-200", "200-", "+200", "200,,201", "200;201"] {
        let ran = wait(&articles, &["--expect", expected]).expect_code(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("--expect"), "{ran}");
    }
    ready(&server.url.replace("http://127.0.0.1", "tcp://127.0.0.1"));
}

fn answering(answer: &'static [u8]) -> String {
    let port = serve("127.0.0.1", move |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(answer);
    });
    format!("http://127.0.0.1:{port}/")
}

#[case]
fn answers_in_all_forms() {
    for answer in [
        &b"HTTP/1.0 200 OK\r\n\r\n"[..],
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 OK\nServer: newlines alone\n\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        ready(&answering(answer));
    }
    // Redirects are not followed.
    let moved = answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
    not_yet(
        &moved,
        &[],
        "HTTP 302: it answers, but reports that it is unhealthy (a different status is expected)",
    );
    wait(&moved, &["--expect", "302"]).expect_success();
    not_yet(
        &answering(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n"),
        &[],
        "HTTP 503: it answers",
    );
    for odd in
        [&b"HTTP/2.0 200 OK\r\n\r\n"[..], b"ICY 200 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"\r\n\r\n"]
    {
        wrong(&answering(odd), "different service answers there");
    }
    not_yet(&answering(b""), &[], "he connection was closed");
    not_yet(&answering(b"HTTP/1.1 2"), &[], "he connection was closed");
}

#[case]
fn answers_that_never_end_or_never_begin() {
    let endless = serve("127.0.0.1", |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    ready(&format!("http://127.0.0.1:{endless}/"));
    let says_and_stays = |words: &'static [u8]| {
        let stay = move |mut stream: TcpStream| {
            let _ = stream.write_all(words);
            until_gone(&mut stream);
        };
        format!("http://127.0.0.1:{}/", serve("127.0.0.1", stay))
    };
    // The status is enough, whatever becomes of the rest.
    ready(&says_and_stays(b"HTTP/1.1 200 OK\r\n"));
    for words in [&b""[..], b"HT", b"HTTP/1.1 200 O", b"HTTP/1.1 100 Continue\r\nX: "] {
        not_yet(&says_and_stays(words), &["--attempt-timeout", "0.3"], "o answer in time");
    }
    let letters = serve("127.0.0.1", |mut stream| while stream.write_all(b"HTTP").is_ok() {});
    wrong(&format!("http://127.0.0.1:{letters}/"), "different service answers there");
}

#[case]
fn what_is_asked() {
    for (host, login, path) in [
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "", "/health/ready?deep=1&token=s3cret#part"),
        ("127.0.0.1", "", "?deep=1"),
        ("::1", "", "/"),
        ("127.0.0.1", "app:p%40ss%3A%C3%A9@", "/"),
        ("127.0.0.1", ":s3cret@", "/"),
        ("127.0.0.1", "tok3n@", "/"),
    ] {
        let (sender, heard) = mpsc::channel();
        let port = serve(host, move |mut stream| {
            let _ = sender.send(request(&mut stream));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        });
        let at = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let ran = ready(&format!("http://{login}{at}{path}"));
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(shown.contains(&format!("at {at}")), "{ran}");
        for secret in ["s3cret", "tok3n", "p@ss", "p%40ss"] {
            assert!(!shown.contains(secret), "{ran}");
        }
        let heard = heard.recv().expect("a request");
        let asked = match path.split('#').next().unwrap_or_default() {
            "" => "/".to_owned(),
            path if path.starts_with('?') => format!("/{path}"),
            path => path.to_owned(),
        };
        assert!(heard.starts_with(&format!("GET {asked} HTTP/1.1\r\nHost: {at}\r\n")), "{heard}");
        let authorization = match login {
            "app:p%40ss%3A%C3%A9@" => Some("YXBwOnBAc3M6w6k="),
            ":s3cret@" => Some("OnMzY3JldA=="),
            "tok3n@" => Some("dG9rM246"),
            _ => None,
        };
        assert_eq!(heard.contains("Authorization:"), authorization.is_some(), "{heard}");
        let line = authorization.map(|text| format!("\r\nAuthorization: Basic {text}\r\n"));
        assert!(line.is_none_or(|line| heard.contains(&line)), "{heard}");
    }
}

#[case]
fn other_servers() {
    let ssh = serve("127.0.0.1", |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        until_gone(&mut stream);
    });
    for scheme in ["http", "redis", "amqp"] {
        wrong(&format!("{scheme}://127.0.0.1:{ssh}"), "an SSH server answers at port");
    }
    let http = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    for scheme in ["redis", "amqp"] {
        let url = http.replace("http://", &format!("{scheme}://")).trim_end_matches('/').to_owned();
        says(
            wait(&url, &["--fail-fast-after", "1", "--attempt-timeout", "1"]).expect_code(78),
            "an HTTP server answers",
        );
    }
    let closing = serve("127.0.0.1", drop);
    not_yet(&format!("redis://127.0.0.1:{closing}"), &[], "he connection was closed");
}
