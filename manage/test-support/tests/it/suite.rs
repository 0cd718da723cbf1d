//! The suite itself, run as a program of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use manage_test_support::{
    ALL, Need, Program, REQUIRE, Suite, TestDatabase, Transcript, case, on_each_backend, wait_until,
};

use crate::ROLE;

#[case(on_each_backend)]
fn database_is_fresh(database: TestDatabase) {
    let url = database.url();
    assert!(url.contains(database.name()), "{url}");
    assert!(url.is_ascii() && !url.contains(['"', '\'', ' ']), "{url}");
    assert!(database.path().is_none_or(|path| !path.exists()));
}

/// A suite with a test of each fate.
pub(crate) fn small() -> ExitCode {
    let mut suite = Suite::new();
    suite.test("passes", || {});
    suite.test("panics", || wait_until(Duration::ZERO, "pigs fly", || false));
    for name in ["wants_one", "wants_two"] {
        suite.needs(Need::Program("no-such-program"), name, || panic!("it ran"));
    }
    suite.run()
}

/// A suite with a test that builds a project, and one that does not.
pub(crate) fn building() -> ExitCode {
    let mut suite = Suite::new();
    suite.test("passes", || {});
    suite.in_turn(Need::Program("sh"), "builds", || panic!("it ran"));
    suite.run()
}

/// A suite with a test that never ends.
pub(crate) fn hanging() -> ExitCode {
    let mut suite = Suite::new();
    suite.test("ends", || {});
    suite.limit(Duration::from_secs(1)).test("hangs", || {
        loop {
            std::thread::park();
        }
    });
    suite.run()
}

fn run(filter: &[&str], require: &str) -> Transcript {
    Program::new(std::env::current_exe().unwrap())
        .env(ROLE, "small suite")
        .env(REQUIRE, require)
        .args(filter)
        .run(Duration::from_secs(20))
}

#[case]
fn says_what_was_not_run() {
    let answer = run(&["--skip", "panics"], "postgres").expect_code(0);
    assert!(answer.stdout.contains("1 passed; 0 failed; 2 ignored"), "{answer}");
    let after = answer.stdout.split("2 ignored").nth(1).unwrap();
    for output in [after, &answer.stderr] {
        assert!(
            output.contains("2 tests were NOT RUN: the program `no-such-program` is not installed."),
            "{answer}"
        );
        assert!(output.contains("MANAGE_TEST_REQUIRE=no-such-program"), "{answer}");
    }
    assert_eq!(run(&["passes"], "").expect_code(0).stderr, "");
    assert_eq!(run(&["--list"], "").expect_code(0).stderr, "");
}

#[case]
fn projects_are_built_on_demand() {
    let run = |all: &str, words: &[&str]| {
        let program =
            Program::new(std::env::current_exe().unwrap()).env(ROLE, "building suite").env(ALL, all);
        program.args(words).run(Duration::from_secs(20))
    };
    for words in [&[][..], &["--skip", "other"]] {
        let answer = run("", words).expect_code(0);
        assert!(answer.stdout.contains("1 passed; 0 failed; 1 ignored"), "{answer}");
        assert!(answer.stderr.contains("1 test was NOT RUN: building projects takes minutes."), "{answer}");
    }
    assert!(!run("", &["--skip", "builds"]).expect_code(0).stderr.contains("NOT RUN"));
    let demands: [(&str, &[&str]); 5] = [
        ("1", &[]),
        ("", &["builds"]),
        ("", &["--exact", "builds"]),
        ("", &["--ignored"]),
        ("", &["--include-ignored"]),
    ];
    for (all, words) in demands {
        let answer = run(all, words).expect_code(101);
        assert!(
            answer.stdout.contains("1 failed; 0 ignored") && answer.stdout.contains("it ran"),
            "{answer}"
        );
        assert!(!answer.stderr.contains("NOT RUN"), "{answer}");
    }
}

#[case]
fn required_fails() {
    let answer = run(&["--skip", "panics"], "postgres, no-such-program").expect_code(101);
    assert!(answer.stdout.contains("1 passed; 2 failed; 0 ignored"), "{answer}");
    assert!(answer.stdout.contains("`no-such-program` was found neither"), "{answer}");
}

#[case]
fn panics_show_their_place() {
    let answer = run(&["panics"], "").expect_code(101);
    assert!(answer.stdout.contains("waited 0ns in vain until pigs fly"), "{answer}");
    assert!(answer.stdout.contains("tests/it/suite.rs:"), "{answer}");
    assert_eq!(answer.stderr, "");
}

#[case]
fn a_test_that_hangs_is_named() {
    let answer = Program::new(std::env::current_exe().unwrap())
        .env(ROLE, "hanging suite")
        .run(Duration::from_secs(60))
        .expect_code(101);
    assert!(answer.stdout.contains("\nTHESE TESTS TAKE TOO LONG: hangs\n"), "{answer}");
    // It is in the stack, or it is said how to see that.
    assert!(answer.stdout.contains("hanging") || answer.stdout.contains("gdb"), "{answer}");
}

/// What a panic said.
pub(crate) fn panic_of(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}
