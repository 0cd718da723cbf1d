//! A build without debug assertions, such as one for production, does not contain the pages of `runserver`.
//!
//! `CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false cargo test -p diesel-manage --test it -- no_pages` runs this.

use std::io::Read;

use manage_test_support::case;

use crate::serving::Server;

/// The path of the pages. It is put together here, so that this program does not contain it.
fn own() -> String {
    ["/__man", "age__/"].concat()
}

#[case]
fn the_program_does_not_contain_them() {
    let program = std::fs::read(std::env::current_exe().expect("this program")).expect("its bytes");
    let has = |text: &str| program.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("Performing system checks"), "a text of the program is not found, so the test is worthless");
    for text in
        [own(), ["prefers-color", "-scheme"].concat(), ["No app of this project", " has routes"].concat()]
    {
        assert!(!has(&text), "{text}");
    }
}

#[case]
fn a_browser_gets_none() {
    let server = Server::start(&[]);
    for (path, status) in
        [(own(), 404), (own() + "migrations", 404), ("/none".to_owned(), 404), ("/panics".to_owned(), 500)]
    {
        let mut answer = String::new();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        );
        server.send(request).read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(!answer.contains("<html"), "{path}: {answer}");
    }
}
