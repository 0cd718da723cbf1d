//! Static files of an app. Without debug assertions the same tests are about the files in the program.

use std::io::Read;

use manage::axum::routing::get;
use manage::server::{Routes, Site};
use manage_test_support::case;

use crate::serving::Server;

manage::static_files!("tests/it/static");

#[manage::router]
fn urls(_site: &Site) -> manage::Result<Routes> {
    let links = async || {
        let names = ["css/site.css", "digits.txt", "one two.txt", "none.txt"];
        names.map(|name| manage::static_url!(name)).join("\n")
    };
    Ok(Routes::new().route("/static-links", get(links)))
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        Some(lines.find(|(other, _)| other.eq_ignore_ascii_case(name))?.1)
    }
}

fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    let mut bytes = Vec::new();
    server.send(request).read_to_end(&mut bytes).expect("an answer");
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("the end of the head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("UTF-8");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

fn links(server: &Server) -> Vec<String> {
    let body = ask(server, "GET", "/static-links", &[]).body;
    String::from_utf8(body).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[case]
fn a_file_is_served_with_what_a_cache_needs() {
    let server = Server::start(&[]);
    let answer = ask(&server, "GET", "/static/it/css/site.css", &[]);
    assert_eq!((answer.status, &*answer.body), (200, &b"body { color: #123456 }\n"[..]), "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("text/css"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let tag = answer.header("etag").expect("an ETag");
    let time = answer.header("last-modified").expect("a time");
    for condition in [("If-None-Match", tag), ("If-Modified-Since", time)] {
        let answer = ask(&server, "GET", "/static/it/css/site.css", &[condition]);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{condition:?}: {}", answer.head);
    }
    let other = ask(&server, "GET", "/static/it/css/site.css", &[("If-None-Match", "\"other\"")]);
    assert_eq!(other.status, 200);
    let head = ask(&server, "HEAD", "/static/it/css/site.css", &[]);
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("24"), 0));
    assert_eq!(ask(&server, "POST", "/static/it/css/site.css", &[]).status, 405);
}

#[case]
fn a_part_of_a_file_can_be_asked_for() {
    let server = Server::start(&[]);
    let part = |range: &str| ask(&server, "GET", "/static/it/digits.txt", &[("Range", range)]);
    let middle = part("bytes=2-4");
    assert_eq!((middle.status, &*middle.body), (206, &b"234"[..]), "{}", middle.head);
    assert_eq!(middle.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(part("bytes=-2").body, b"89");
    assert_eq!(part("bytes=10-").status, 416);
}

#[case]
fn a_compressed_file_beside_it_is_used() {
    let server = Server::start(&[]);
    let answer = ask(&server, "GET", "/static/it/digits.txt", &[("Accept-Encoding", "gzip")]);
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")), "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert!(answer.body.starts_with(&[0x1f, 0x8b]), "{:?}", answer.body);
    let plain = ask(&server, "GET", "/static/it/digits.txt", &[]);
    assert_eq!((&*plain.body, plain.header("content-encoding")), (&b"0123456789"[..], None));
}

#[case]
fn a_name_with_the_hash_is_kept_for_ever() {
    let server = Server::start(&[]);
    let links = links(&server);
    let [css, digits, spaced, none] = links.as_slice() else { panic!("four links: {links:?}") };
    assert!(css.starts_with("/static/it/css/site.") && css.ends_with(".css") && css.len() == 40, "{css}");
    assert!(spaced.starts_with("/static/it/one%20two."), "{spaced}");
    assert_eq!(none, "/static/it/none.txt");
    for (url, body) in [(css, "body { color: #123456 }\n"), (digits, "0123456789"), (spaced, "soup\n")] {
        let answer = ask(&server, "GET", url, &[]);
        assert_eq!((answer.status, &*answer.body), (200, body.as_bytes()), "{url}: {}", answer.head);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{url}");
    }
    assert_eq!(ask(&server, "GET", none, &[]).status, 404);
    // The URL of another content.
    let stale = "/static/it/css/site.0123456789abcdef.css";
    let answer = ask(&server, "GET", stale, &[]);
    assert_eq!((answer.status, answer.header("cache-control")), (404, None));
}

#[case]
fn no_other_file_can_be_reached() {
    let server = Server::start(&[]);
    let absolute = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for path in [
        "../static_files.rs",
        "css/../../static_files.rs",
        "%2e%2e/static_files.rs",
        "..%2fstatic_files.rs",
        "css%2f..%2f..%2fstatic_files.rs",
        "..%5cstatic_files.rs",
        "css",
        "css/",
        "",
        "%00",
        "css/site.css%00",
        "%ff",
        &format!("/{absolute}"),
        &absolute.replace('/', "%2f"),
    ] {
        let answer = ask(&server, "GET", &format!("/static/it/{path}"), &[]);
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.head);
    }
    assert_eq!(ask(&server, "GET", "/static/other/css/site.css", &[]).status, 404);
}

#[cfg(debug_assertions)]
#[case]
fn in_development_files_are_read_from_the_directory() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/static");
    let server = Server::start(&[]);
    let scratch = tempfile::Builder::new().prefix("new-").tempdir_in(&folder).expect("a directory");
    let name = scratch.path().file_name().expect("a name").to_str().expect("UTF-8");
    std::fs::write(scratch.path().join("file.txt"), "first").expect("a file");
    let path = format!("/static/it/{name}/file.txt");
    assert_eq!(ask(&server, "GET", &path, &[]).body, b"first");
    std::fs::write(scratch.path().join("file.txt"), "second").expect("a file");
    assert_eq!(ask(&server, "GET", &path, &[]).body, b"second");
}

#[case]
fn files_are_listed_with_the_routes() {
    let ran = crate::project::Project::new().run("show_urls");
    let line = ran.out.lines().find(|line| line.starts_with("/static/it/{*path}")).expect("a line");
    assert!(line.contains("GET,HEAD") && line.contains("manage/tests/it/static_files.rs:"), "{line}");
}
