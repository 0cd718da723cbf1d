//! A build without debug assertions, such as one for production, does not contain the pages of `runserver`.
//!
//! `CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false cargo test -p diesel-manage --test it -- no_pages` runs this.

use std::io::Read;

use manage_test_support::case;

use crate::serving::Server;

/// Texts of the pages, written backwards: this program must not contain them itself.
const BACKWARDS: [&str; 3] =
    ["snoitargim/__eganam__/", "emehcs-roloc-sreferp", "setuor sah tcejorp siht fo ppa oN"];

fn forwards(text: &str) -> String {
    text.chars().rev().collect()
}

#[case]
fn the_program_does_not_contain_them() {
    let program = std::fs::read(std::env::current_exe().expect("this program")).expect("its bytes");
    let has = |text: &str| program.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("Performing system checks"), "a text of the program is not found, so the test is worthless");
    for text in BACKWARDS.map(forwards) {
        assert!(!has(&text), "{text}");
    }
}

#[case]
fn a_browser_gets_none() {
    let server = Server::start(&[]);
    for (path, status) in [
        ("/__manage__/".to_owned(), 404),
        (forwards(BACKWARDS[0]), 404),
        ("/none".to_owned(), 404),
        ("/panics".to_owned(), 500),
    ] {
        let mut answer = String::new();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        );
        server.send(request).read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(!answer.contains("<html"), "{path}: {answer}");
    }
}
