//! `--profile`, on every backend, in a separate program: all connections of a process share one profile.

use std::time::Duration;

use manage_test_support::{Backend, Program, Signal, TestDatabase, case, only_if};

use crate::backends::{connect, on_each_backend};
use crate::stopping::program;
use crate::things::create;

const SOON: Duration = Duration::from_secs(60);

fn queries(database: &TestDatabase, line: &str) -> Program {
    program(&format!("queries {line}")).env("DATABASE_URL", database.url())
}

/// The line of a part, with the text after the time.
#[track_caller]
fn part<'a>(stderr: &'a str, name: &str) -> &'a str {
    let line = stderr.lines().find(|line| line.trim_start().starts_with(name));
    line.and_then(|line| line.split_once(" ms"))
        .unwrap_or_else(|| panic!("no {name}: {stderr}"))
        .1
        .trim_start()
}

#[track_caller]
fn counts(database: &TestDatabase, how: &str) {
    create(&mut connect(database));
    let transcript = queries(database, &format!("{how} --profile")).run(SOON).expect_success();
    let stderr = &transcript.stderr;
    assert!(stderr.starts_with("Profile of queries: "), "{transcript}");
    assert_eq!(part(stderr, "connecting"), "1 connection", "{transcript}");
    let expected = "8 statements, 1 of them failed, 2 transactions, 1 rolled back";
    assert_eq!(part(stderr, "SQL"), expected, "{transcript}");
    assert!(stderr.contains("    2 ×  SELECT"), "the two alike are one line: {transcript}");
    assert!(!stderr.contains("thing 1") && !stderr.contains("binds"), "values show: {transcript}");
    for name in ["settings", "checks", "the rest"] {
        assert_eq!(part(stderr, name), "", "{transcript}");
    }
    for password in [manage_test_support_password(database), "p@ss".to_owned()] {
        assert!(!stderr.contains(&password), "{transcript}");
    }
}

/// The text between the user and the host.
fn manage_test_support_password(database: &TestDatabase) -> String {
    let credentials = database.url().split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    let password = credentials.and_then(|(credentials, _)| credentials.split_once(':'));
    password.map_or_else(|| "no password".to_owned(), |(_, password)| password.to_owned())
}

#[case(on_each_backend)]
fn each_statement_counts_once(database: TestDatabase) {
    counts(&database, "connect");
}

#[case(on_each_backend)]
fn a_pool_counts_as_well(database: TestDatabase) {
    counts(&database, "pool");
}

#[case(on_each_backend)]
fn a_backends_own_type_counts_as_well(database: TestDatabase) {
    let transcript = queries(&database, "as --profile").run(SOON).expect_success();
    assert_eq!(part(&transcript.stderr, "connecting"), "1 connection", "{transcript}");
    assert_eq!(part(&transcript.stderr, "SQL"), "4 statements, 1 transaction", "{transcript}");
    // Between double quotes PostgreSQL has names alone; in MySQL and SQLite it may be a text.
    let shown = match database.backend() {
        Backend::Postgres => "1 ×  SELECT '…' AS \"hushed\"",
        _ => "1 ×  SELECT '…' AS \"…\"",
    };
    assert!(transcript.stderr.contains(shown), "{transcript}");
    let hidden = transcript.stderr.replace(shown, "");
    assert!(!hidden.contains("hush"), "{transcript}");
}

#[case(on_each_backend)]
fn verbosity_3_tells_each_statement(database: TestDatabase) {
    create(&mut connect(&database));
    let transcript = queries(&database, "connect -v 3").run(SOON).expect_success();
    let reported: Vec<&str> = transcript.stderr.lines().filter(|line| line.starts_with("SQL ")).collect();
    assert_eq!(reported.len(), 8, "{transcript}");
    assert!(reported.iter().any(|line| line.contains("failed: INSERT INTO")), "{transcript}");
    assert!(!transcript.stderr.contains("thing 1"), "{transcript}");
    assert_eq!(part(&transcript.stderr, "connecting"), "1 connection", "{transcript}");
}

#[case(only_if(cfg!(feature = "sqlite")))]
fn it_is_reported_however_it_ends() {
    let database = TestDatabase::sqlite();
    let fresh = || {
        let database = TestDatabase::sqlite();
        create(&mut connect(&database));
        database
    };
    let transcript = queries(&fresh(), "fails --profile").run(SOON).expect_code(1);
    assert!(transcript.stderr.contains("8 statements") && transcript.stderr.ends_with("Error: It broke.\n"));
    // No table: the first statement fails, and the program does not panic.
    let transcript = queries(&database, "connect --profile").run(SOON).expect_code(1);
    assert!(transcript.stderr.contains("1 of them failed"), "{transcript}");
    for (how, signal, code) in
        [("hangs", Signal::INT, 130), ("hangs", Signal::TERM, 143), ("waits", Signal::TERM, 143)]
    {
        let database = fresh();
        let mut running = queries(&database, &format!("{how} --profile")).spawn();
        running.wait_for_line("at work", SOON);
        running.signal(signal);
        let transcript = running.wait(SOON).expect_code(code);
        assert_eq!(transcript.stderr.matches("Profile of queries").count(), 1, "{transcript}");
        assert!(transcript.stderr.contains("8 statements"), "{transcript}");
    }
}

#[case(only_if(cfg!(feature = "sqlite")))]
fn nothing_is_reported_unasked() {
    let database = TestDatabase::sqlite();
    create(&mut connect(&database));
    let transcript = queries(&database, "connect").run(SOON).expect_success();
    assert_eq!(transcript.stderr, "", "{transcript}");
}
