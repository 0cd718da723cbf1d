//! Running programs.

use std::time::Duration;

use manage_test_support::{Program, Signal, case, wait_until};

fn sh(script: &str) -> Program {
    Program::new("/bin/sh").args(["-c", script])
}

#[case]
fn transcript() {
    let shown = sh("cat; echo trouble >&2; exit 3").stdin("to say\n").run(Duration::from_secs(5)).to_string();
    assert_eq!(
        shown,
        "$ sh -c 'cat; echo trouble >&2; exit 3'\n--- stdout ---\nto say\n--- stderr ---\ntrouble\n--- exit code: 3 ---\n"
    );
    let quiet = Program::new("true").run(Duration::from_secs(5));
    assert!(quiet.success() && quiet.code() == Some(0));
    assert_eq!(quiet.to_string(), "$ true\n--- exit code: 0 ---\n");
}

#[case]
fn environment_is_bare() {
    let answer = Program::new("env").env_remove("HOME").env("A", "b c").cwd("/").run(Duration::from_secs(5));
    let kept =
        ["PATH=", "LANG=", "LC_ALL=", "TMPDIR=", "SSL_CERT_DIR=", "LLVM_PROFILE_FILE=", "LD_LIBRARY_PATH="];
    for line in answer.stdout.lines().filter(|line| *line != "A=b c") {
        assert!(kept.iter().any(|name| line.starts_with(name)), "{line}");
    }
    assert!(answer.stdout.contains("A=b c\n"), "{answer}");
}

#[case]
fn deadline_kills_the_family() {
    let answer = sh("echo begun; sleep 1000 & sleep 1000").run(Duration::from_millis(300));
    assert!(answer.duration < Duration::from_secs(2), "{:?}", answer.duration);
    assert!(!answer.success());
    let shown = answer.to_string();
    assert!(shown.ends_with("begun\n--- killed: it still ran after 300ms ---\n"), "{shown}");
}

#[case]
fn lines_are_waited_for_in_turn() {
    let mut running = sh("printf 'one 1\none '; sleep 0.2; printf '2\nend'; sleep 0.2").spawn();
    assert_eq!(running.wait_for_line("one", Duration::from_secs(5)), "one 1");
    assert_eq!(running.wait_for_line("one", Duration::from_secs(5)), "one 2");
    assert_eq!(running.wait_for_line("end", Duration::from_secs(5)), "end");
    let panic = crate::suite::panic_of(|| {
        running.wait_for_line("more", Duration::from_secs(5));
    });
    assert!(panic.contains("“more” until it ended"), "{panic}");
}

#[case]
fn signals() {
    let mut running = sh("trap 'echo caught; exit 4' TERM; echo on; while :; do sleep 0.05; done").spawn();
    running.wait_for_line("on", Duration::from_secs(5));
    running.signal(Signal::STOP);
    running.signal(Signal::TERM);
    running.signal(Signal::CONT);
    let answer = running.wait(Duration::from_secs(5)).expect_code(4);
    assert_eq!(answer.stdout, "on\ncaught\n");

    let mut running = Program::new("sleep").arg("1000").spawn();
    running.signal(Signal::KILL);
    wait_until(Duration::from_secs(5), "it is dead", || !running.is_running());
    assert_eq!(running.wait(Duration::from_secs(5)).to_string(), "$ sleep 1000\n--- ended by signal 9 ---\n");
}

#[case]
fn leftovers_do_not_hold_it_up() {
    let answer = sh("sleep 1000 & echo done").run(Duration::from_secs(30)).expect_success();
    assert!(answer.duration < Duration::from_secs(10), "{:?}", answer.duration);
    assert_eq!(answer.stdout, "done\n");
}
