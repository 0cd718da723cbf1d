//! The `main` of a project's own that the page of `main!` shows, run as a process.

use std::process::ExitCode;
use std::time::Duration;

use manage_test_support::{Program, Transcript, case};

mod shown {
    include!("../../src/docs/own_main.rs");

    pub(super) fn call() -> ExitCode {
        main()
    }
}

/// Makes this test program the one of that page.
const AS_PROGRAM: &str = "MANAGE_IT_HAS_ITS_OWN_MAIN";

/// Runs the page's `main` if this process was started for that.
pub(crate) fn run() -> Option<ExitCode> {
    std::env::var_os(AS_PROGRAM).map(|_| shown::call())
}

fn program(line: &str) -> Transcript {
    let program = Program::new(std::env::current_exe().expect("this program"));
    program.env(AS_PROGRAM, "1").args(line.split_whitespace()).run(Duration::from_secs(60))
}

#[case]
fn it_sets_up_and_keeps_the_exit_codes() {
    let ran = program("price cup").expect_code(0);
    assert_eq!(ran.stdout, "6\n");
    assert!(ran.stderr.contains("looking up a price") && ran.stderr.contains("cup"), "{ran}");
    let ran = program("price plate").expect_code(3);
    assert!(ran.stderr.ends_with("There is no such article.\nHint: The shop has: teapot, cup.\n"), "{ran}");
    program("price").expect_code(2);
    program("prices cup").expect_code(1);
    // The shells ask at each TAB; nothing else may answer.
    assert_eq!(program("__complete zsh manage pri").expect_code(0).stderr, "");
}

#[case]
fn a_panic_is_reported_once() {
    let ran = program("average").expect_code(101);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("Error: ") && lines[0].contains("attempt to divide by zero"), "{ran}");
    let reported = |line: &&&str| line.contains("reported: panicked at") && line.contains("average.rs");
    assert_eq!(lines.iter().filter(reported).count(), 1, "{ran}");
    assert_eq!(program("average 4 8").expect_code(0).stdout, "6\n");
}

#[case]
fn a_traceback_still_works() {
    let ran = program("average --traceback").expect_code(101);
    assert!(ran.stderr.contains("own_main::shown::main"), "{ran}");
    assert_eq!(ran.stderr.matches("reported: panicked at").count(), 1, "{ran}");
}
