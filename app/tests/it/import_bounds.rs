//! Posts that are made to cost more than their size, and what is left of scripts in them.

use std::io::{Read, Write};
use std::net::TcpStream;

use manage_test_support::{TestDatabase, case};

use crate::project::{Project, on_each_backend};

#[case]
fn bombs_are_refused_by_name() {
    let project = Project::new(TestDatabase::sqlite()).migrated();
    let aliases: String = (0..15_000).map(|number| format!("k{number}: *a\n")).collect();
    project.write("posts/aliases.md", format!("---\na: &a {}\n{aliases}---\n", "x".repeat(100_000)));
    project.write("posts/deep.md", format!("---\na: {}\n---\n", "[".repeat(50_000)));
    project.write("posts/fields.md", format!("---\n{}---\n", "a:\n".repeat(15_000)));
    project.write("posts/date.md", format!("---\ndate: {}\n---\n", "x".repeat(60_000)));
    project.write("posts/open.md", format!("---\n{}", "a: b\n".repeat(1_000_000)));
    project.write("posts/line.md", "x".repeat(8 << 20));
    project.write("posts/binary.md", [0x7f, b'E', b'L', b'F', 0, 0xff].repeat(1_000));
    let large = project.write("posts/large.md", "");
    let large = std::fs::File::options().write(true).open(project.folder().join(large)).expect("a file");
    // It has no blocks on the disk.
    large.set_len(1 << 40).expect("a size");
    let failed = project.run(&["import_posts", "posts"]).expect_code(1);
    for line in [
        "posts/aliases.md:1: the front matter that begins here is larger than 64 KiB\n",
        "posts/deep.md:2: lists and maps are nested too deeply\n",
        "posts/fields.md:5000: the front matter has too many parts: ",
        "posts/date.md:2: `date` is no date: “xxx",
        "posts/open.md:1: the front matter that begins here is larger than 64 KiB\n",
        "posts/line.md:1: there is no front matter",
        "posts/binary.md:1: this is not UTF-8: a byte 0xff\n",
        "posts/large.md: this is larger than 8 MiB\n",
        "Error: Nothing was imported: 8 problems found.",
    ] {
        assert!(failed.stderr.contains(line), "{line} is missing:\n{failed}");
    }
    assert!(failed.stderr.lines().all(|line| line.chars().count() < 600), "{failed}");
    // As large as it may be, and full of aliases: the column takes no such title, and the rest is ignored.
    let text = "x".repeat(30_000);
    let small = format!("---\na: &a {text}\n{}---\n", "*a : *a\n".repeat(2_000));
    let name = project.write("small.md", small);
    project.run(&["import_posts", &name]).expect_success();
}

/// A page with its head.
fn whole(url: &str, request: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("a connection");
    write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[case(on_each_backend)]
fn scripts_reach_no_page(project: Project) {
    let project = project.migrated();
    let attack = "<script>alert(1)</script>";
    let body = format!(
        "{attack}\n\n{attack} \n\n<kbd>Tab</kbd> <img src=x onerror=alert(1)> [x](javascript:alert(1))\n\n</main>{attack}"
    );
    let name = project.write("2021-01-01-attack.md", format!("---\ntitle: \"{attack}\"\n---\n{body}"));
    project.run(&["import_posts", &name]).expect_success();
    let server = project.serve();
    for path in ["/", "/articles/attack/"] {
        let (status, page) = server.get(path);
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("&lt;script"), "{page}");
        assert!(
            !page.contains("<script") && !page.contains("javascript:") && !page.contains("<img"),
            "{page}"
        );
        assert_eq!(page.matches("</main>").count(), 1, "{page}");
    }
    assert!(server.get("/articles/attack/").1.contains("<kbd>Tab</kbd>"));
}

#[case]
fn every_response_is_secured() {
    // Without tables: pages that fail have no fewer headers.
    let project = Project::new(TestDatabase::sqlite());
    let server = project.serve();
    for (request, status) in [
        ("GET /", 500),
        ("GET /api/articles", 500),
        ("GET /none", 404),
        ("POST /", 405),
        ("GET /articles/%ff/", 404),
    ] {
        let answer = whole(&server.url, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        for header in [
            "x-content-type-options: nosniff\r\n",
            "content-security-policy: default-src 'none'; img-src 'self' http: https: data:; style-src 'self'; ",
            "frame-ancestors 'none'\r\n",
            "referrer-policy: same-origin\r\n",
        ] {
            assert_eq!(answer.matches(header).count(), 1, "{header}\n{answer}");
        }
    }
    let page = whole(&server.url, "GET /none");
    assert!(!page.contains("<style"), "{page}");
    // The style sheet, whose URL is another one when it changes.
    let (_, rest) =
        page.split_once("<link rel=\"stylesheet\" href=\"/static/app/style.").expect("a style sheet");
    let (hash, _) = rest.split_once(".css\">").expect("the end of its URL");
    let style = whole(&server.url, &format!("GET /static/app/style.{hash}.css"));
    for header in [
        "HTTP/1.1 200 OK\r\n",
        "content-type: text/css",
        "cache-control: public, max-age=31536000, immutable\r\n",
        "x-content-type-options: nosniff\r\n",
    ] {
        assert_eq!(style.matches(header).count(), 1, "{header}\n{style}");
    }
    assert!(style.ends_with(include_str!("../../static/style.css")), "{style}");
}
