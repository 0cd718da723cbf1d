//! Each attack on a client of PostgreSQL and of the services that `wait_for_db` waits for, and what the
//! program makes of it.

use std::time::Duration;

use manage_test_support::hostile::{Hostile, catalog};
use manage_test_support::{CaseName, Program, Suite, Transcript, case};

/// Far more than any command needs, and far less than an attack lasts.
const LONG: Duration = Duration::from_secs(60);

/// The most memory of `wait_for_db`. A build without optimization is a greater program, which needs more of
/// it.
const MOST: u64 = if cfg!(debug_assertions) { 40 << 20 } else { 20 << 20 };
/// The same of a command that uses Diesel's connection.
const MOST_WITH_DIESEL: u64 = if cfg!(debug_assertions) { 56 << 20 } else { 36 << 20 };

/// The protocol and the case, the exit code of `wait_for_db --once` and what it says; the same of
/// `showmigrations`, where that ends by itself.
type Row = (&'static str, &'static str, (i32, &'static str), Option<(i32, &'static str)>);

const START_MESSAGE: &str = "more than 64 KiB in one message of its start-up";
const START: &str = "more than 1 MiB in its start-up";
const ANSWER: &str = "more than 512 KiB in answer to a query of a few rows";
const OWN: &str = "more than 4 MiB in answer to a query of a few rows";
const TOO_LATE: &str = "No answer in time";
const TLS: &str = "the server violates the TLS protocol";
const ANOTHER: &str = "A different service answers there";
const TOO_MUCH: &str = "it sends more than any answer has";

const TABLE: &[Row] = &[
    ("postgres", "ask-cleartext", (1, TOO_LATE), None),
    ("postgres", "ask-md5", (1, TOO_LATE), None),
    ("postgres", "endless-mechanisms", (78, START_MESSAGE), Some((1, START_MESSAGE))),
    ("postgres", "start-huge-error", (78, START_MESSAGE), Some((1, START_MESSAGE))),
    ("postgres", "start-huge-message", (78, START_MESSAGE), Some((1, START_MESSAGE))),
    ("postgres", "start-negative-length", (78, START_MESSAGE), Some((1, START_MESSAGE))),
    ("postgres", "start-parameters", (78, START), Some((1, START))),
    ("postgres", "start-long-parameters", (78, START_MESSAGE), Some((1, START_MESSAGE))),
    ("postgres", "start-notices", (78, START), Some((1, START))),
    ("postgres", "start-drip", (1, TOO_LATE), Some((1, "does not answer in time"))),
    ("postgres", "tls-handshakes", (78, TLS), Some((1, TLS))),
    ("postgres", "tls-warnings", (78, TLS), Some((1, TLS))),
    ("postgres", "tls-drip", (1, TOO_LATE), Some((1, "does not answer in time"))),
    ("postgres", "endless-rows", (78, ANSWER), Some((1, "was not present in query"))),
    ("postgres", "endless-long-rows", (78, ANSWER), Some((1, "was not present in query"))),
    (
        "postgres",
        "huge-row",
        (78, "more than 1 GiB in one message"),
        Some((1, "more than 1 GiB in one message")),
    ),
    ("postgres", "drip-rows", (1, TOO_LATE), None),
    (
        "postgres",
        "many-columns",
        (78, "more than 4 MiB in one message"),
        Some((1, "more than 4 MiB in one message")),
    ),
    ("postgres", "endless-descriptions", (78, ANSWER), Some((1, ""))),
    ("postgres", "endless-notices", (78, ANSWER), Some((1, OWN))),
    ("postgres", "endless-notifications", (78, ANSWER), Some((1, OWN))),
    ("postgres", "endless-parameters", (78, ANSWER), Some((1, OWN))),
    (
        "postgres",
        "named-parameters",
        (78, "more than 1000 parameters"),
        Some((1, "more than 1000 parameters")),
    ),
    // Only diesel-async's connections query types.
    ("postgres", "endless-types", (1, TOO_LATE), None),
    ("postgres", "endless-errors", (78, "42P01"), Some((1, ""))),
    (
        "postgres",
        "huge-error",
        (78, "more than 16 MiB in one message"),
        Some((1, "more than 16 MiB in one message")),
    ),
    (
        "postgres",
        "negative-length",
        (78, "more than 1 GiB in one message"),
        Some((1, "more than 1 GiB in one message")),
    ),
    ("postgres", "negative-column", (1, "it answered without a row"), None),
    ("postgres", "short-row", (1, "error parsing response from server"), None),
    ("postgres", "silence", (1, TOO_LATE), None),
    ("redis", "endless-line", (78, TOO_MUCH), None),
    ("redis", "endless-error", (78, TOO_MUCH), None),
    ("redis", "huge-string", (78, ANOTHER), None),
    ("redis", "huge-array", (78, ANOTHER), None),
    ("redis", "negative-length", (78, ANOTHER), None),
    ("redis", "drip", (1, TOO_LATE), None),
    ("redis", "silence", (1, TOO_LATE), None),
    ("http", "endless-status", (78, TOO_MUCH), None),
    ("http", "endless-interim", (1, "HTTP 103"), None),
    ("http", "endless-headers", (78, TOO_MUCH), None),
    ("http", "endless-header", (78, TOO_MUCH), None),
    // Of an answer only the status counts; the rest is not read.
    ("http", "endless-body", (0, "HTTP 200"), None),
    ("http", "endless-chunks", (0, "HTTP 200"), None),
    ("http", "huge-chunk", (0, "HTTP 200"), None),
    ("http", "negative-length", (0, "HTTP 200"), None),
    ("http", "compressed", (0, "HTTP 200"), None),
    ("http", "drip-headers", (1, TOO_LATE), None),
    ("http", "garbage", (78, ANOTHER), None),
    ("http", "silence", (1, TOO_LATE), None),
    ("amqp", "huge-frame", (78, ANOTHER), None),
    ("amqp", "negative-length", (78, ANOTHER), None),
    ("amqp", "drip", (1, TOO_LATE), None),
    ("amqp", "empty-frames", (78, ANOTHER), None),
    ("amqp", "heartbeats", (78, ANOTHER), None),
    ("amqp", "short-frame", (78, ANOTHER), None),
    ("amqp", "garbage", (78, ANOTHER), None),
];

/// A test for each row of the table.
fn for_each_attack(suite: &mut Suite, _: &CaseName, test: fn(&'static Row)) {
    for row in TABLE {
        let (protocol, case, ..) = row;
        suite.test(format!("hostile::{protocol}::{case}"), move || test(row));
    }
}

#[case]
fn every_attack_is_tried() {
    let ours = |protocol: &str| ["postgres", "redis", "http", "amqp"].contains(&protocol);
    let untried: Vec<_> = catalog()
        .into_iter()
        .map(|entry| (entry.protocol, entry.case))
        .filter(|(protocol, case)| {
            ours(protocol) && !TABLE.iter().any(|row| (row.0, row.1) == (*protocol, *case))
        })
        .collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[case(for_each_attack)]
fn attack((protocol, case, once, shown): &Row) {
    let entries = catalog();
    let entry = entries.iter().find(|entry| (entry.protocol, entry.case) == (*protocol, *case));
    let hostile = entry.expect("it is in the catalog").start(0);
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(folder.path());
    let wait = program.clone().args(["wait_for_db", "--once", "--attempt-timeout", "2"]);
    let wait = if *protocol == "postgres" {
        wait.env("DATABASE_URL", hostile.url())
    } else {
        wait.args(["--no-database", "--for", hostile.url()])
    };
    expect(wait.run(LONG), *once, MOST);
    if let Some(shown) = shown {
        let url = format!("{}&connect_timeout=2", hostile.url());
        expect(program.arg("showmigrations").env("DATABASE_URL", url).run(LONG), *shown, MOST_WITH_DIESEL);
    }
    drop::<Hostile>(hostile);
}

#[track_caller]
fn expect(transcript: Transcript, (code, words): (i32, &str), most: u64) {
    let transcript = transcript.expect_code(code);
    let text = format!("{}{}", transcript.stdout, transcript.stderr);
    assert!(text.contains(words), "expected “{words}”:\n{text}");
    assert!(!text.contains("hostile-Passw0rd") && !text.contains("panicked"), "{text}");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    assert!(transcript.duration < LONG / 2, "{:?}: {text}", transcript.duration);
    if cfg!(target_os = "linux") {
        let memory = transcript.peak_memory.expect("Linux counts it");
        assert!(memory < most, "{} MiB of memory:\n{text}", memory >> 20);
    }
}
