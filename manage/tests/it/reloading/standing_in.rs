//! What answers while no program runs.

#[cfg(all(feature = "postgres", debug_assertions))]
use manage_test_support::{Need, builds_with};
use manage_test_support::{builds, case, free_port, wait_until};

use super::load::{Events, get, response};
use super::site::{Server, Site};
use super::{BUILD, SOON};

/// What a program for another program gets.
fn text(server: &Server) -> String {
    response(&server.address, "/any/path", "*/*").expect("a response")
}

/// Waits until there is a response that contains a text, and returns it.
#[track_caller]
fn answers(server: &Server, what: &str) -> String {
    let mut answer = String::new();
    wait_until(BUILD, what, || {
        answer = text(server);
        answer.contains(what)
    });
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    answer
}

#[case(builds)]
fn a_page_says_why_no_program_runs() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let _ = get(&server.address, "/exit");
    server.running.wait_for_line("The program ended (exit code 7). Waiting for a change.", SOON);
    let answer = answers(&server, "The program ended (exit status: 7).");
    assert!(answer.contains("\r\nretry-after: 1\r\n") && answer.contains("text/plain"), "{answer}");
    let page = response(&server.address, "/", "text/html").expect("a response");
    assert!(page.starts_with("HTTP/1.1 503 ") && page.contains("data-generation=\"0\""), "{page}");
    assert!(page.contains("script-src 'sha256-") && page.contains("connect-src 'self'"), "{page}");
    let mut events = Events::open(&server.address).expect("events");
    assert_eq!(events.next().expect("an event"), ("program".to_owned(), "0".to_owned()));
    assert_eq!(events.next().expect("an event").0, "failed");
    for health in ["/healthz", "/readyz"] {
        let answer = response(&server.address, health, "*/*").expect("a response");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }

    site.edit("1", "this is no Rust;");
    let answer = answers(&server, "error: expected");
    assert!(answer.contains("src/version.rs") && !answer.contains('\u{1b}'), "{answer}");
    let (event, message) = events.next().expect("an event");
    assert!(event == "failed" && message.contains("error: expected"), "{event}: {message}");

    site.edit("2", "pub fn check() { panic!(\"the dough did not rise\") }");
    let answer = answers(&server, "the dough did not rise");
    assert!(answer.contains("It panicked at src/version.rs:3:"), "{answer}");

    // A request that is on its way when the program takes over gets one of the two answers.
    site.edit("3", "");
    wait_until(BUILD, "the new code", || {
        let answer = response(&server.address, "/", "*/*").expect("a response");
        assert!(answer.starts_with("HTTP/1.1 503 ") || answer.ends_with("\r\n\r\n3"), "{answer}");
        answer.starts_with("HTTP/1.1 200 ")
    });
    assert!((0..20).all(|_| get(&server.address, "/").as_deref() == Ok("3")));
    server.running.wait_for_line("The new program serves after", SOON);
    loop {
        // The stand-in ends them.
        if events.next().is_err() {
            break;
        }
    }
    server.stop();
    assert_eq!(site.processes(), [0; 0]);
}

#[case(builds)]
fn a_first_start_that_fails_is_answered_too() {
    let site = Site::new();
    site.edit("0", "pub fn check() { panic!(\"no oven\") }");
    site.build();
    let server = site.serve_at(free_port());
    answers_at_last(&server, "no oven");
    site.edit("1", "");
    wait_until(BUILD, "the new code", || get(&server.address, "/").as_deref() == Ok("1"));
    server.stop();
}

#[cfg(all(feature = "postgres", debug_assertions))]
#[case(builds_with(Need::Chromium))]
fn the_page_is_accessible() {
    use crate::browsing::are_accessible;

    let site = Site::new();
    let mut server = site.serve(&[]);
    let _ = get(&server.address, "/exit");
    server.running.wait_for_line("The program ended (exit code 7). Waiting for a change.", SOON);
    answers(&server, "The program ended (exit status: 7).");
    are_accessible(&[format!("stand-in=http://{}/", server.address)]);
    // A long message, and one with long lines.
    site.edit("1", &format!("this is no Rust; // {}", "far to the right ".repeat(30)));
    answers(&server, "error: expected");
    are_accessible(&[format!("stand-in-error=http://{}/", server.address)]);
    server.stop();
}

/// Like [`answers`], for a server that may not listen yet.
#[track_caller]
fn answers_at_last(server: &Server, what: &str) {
    wait_until(SOON, what, || {
        response(&server.address, "/", "*/*").is_ok_and(|answer| answer.contains(what))
    });
}
