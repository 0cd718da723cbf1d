//! The program as process 1, as in a container: the kernel gives that one no signal that it does not catch.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use manage_test_support::{
    Backend, MariaDb, Postgres, Program, Running, Signal, case, happens_within, wait_until,
};

use super::lan::{Lan, nobody};
use super::names::Answer;
use super::{NAME, SOON, on_each_server, until_reported};

const WAIT: [&str; 5] = ["wait_for_db", "--format", "json", "--timeout", "0"];
const SIGNALS: [(Signal, i32); 2] = [(Signal::TERM, 143), (Signal::INT, 130)];

/// How long an end at once may take on a busy machine. A hung look-up would take ten seconds.
const AT_ONCE: Duration = Duration::from_secs(4);

/// The process inside: the child of `unshare`.
fn first(running: &Running) -> Option<i32> {
    let pid = running.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let child = children.split_whitespace().next()?.parse().ok()?;
    // Before that it is still a copy of `unshare`, which catches nothing.
    let name = fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
    (name.trim() != "unshare").then_some(child)
}

fn signal(running: &Running, signal: Signal) {
    let pid = first(running).expect("the process inside").to_string();
    let name = if signal == Signal::TERM { "-TERM" } else { "-INT" };
    Program::new("kill").args([name, &pid]).run(SOON).expect_success();
}

/// Sends the signals, each to a new process, once it has come so far.
#[track_caller]
fn ends(start: impl Fn() -> Program, far_enough: impl Fn(&mut Running)) {
    for (sent, code) in SIGNALS {
        let mut running = start().spawn();
        wait_until(SOON, "it runs", || first(&running).is_some());
        far_enough(&mut running);
        signal(&running, sent);
        running.wait(AT_ONCE).expect_code(code);
    }
}

#[case(on_each_server)]
fn signals_end_it_in_every_phase(backend: Backend, url: &str) {
    let lan = Lan::new();
    let server = lan.server().to_string();
    // Nothing listens.
    let nobody = nobody(backend);
    ends(
        || lan.manage_as_first(&nobody, "127.0.0.1").args(WAIT),
        |running| until_reported(running, "refused"),
    );
    // In a look-up that hangs.
    lan.names.set(NAME, Answer::Silence);
    let before = Cell::new(lan.names.questions());
    ends(
        || lan.manage_as_first(url, NAME).args(WAIT),
        |running| {
            // A late question may be of the process before, and a signal that comes too early is ignored.
            running.wait_for_line("waiting", SOON);
            wait_until(SOON, "it looks the name up", || lan.names.questions() > before.get());
            before.set(lan.names.questions());
        },
    );
    // In a connect that hangs.
    let hole = lan.blackhole().to_string();
    ends(
        || lan.manage_as_first(url, &hole).args(WAIT),
        |running| {
            running.wait_for_line("waiting", SOON);
            wait_until(SOON, "it connects", || lan.client("ss -Htn state syn-sent").contains(&hole));
        },
    );
    // While it looks whether the server stays.
    ends(
        || lan.manage_as_first(url, &server).args(WAIT).args(["--stable-for", "60"]),
        |running| until_reported(running, "unstable"),
    );
}

#[case(on_each_server)]
fn signals_end_it_in_a_hung_login(backend: Backend, _: &str) {
    let lan = Lan::new();
    let postgres =
        (backend == Backend::Postgres).then(|| Postgres::builder().everywhere().start().expect("a server"));
    let mariadb =
        (backend == Backend::MariaDb).then(|| MariaDb::builder().everywhere().start().expect("a server"));
    let url = match (&postgres, &mariadb) {
        (Some(server), _) => {
            server.pause();
            server.url("postgres")
        }
        (_, Some(server)) => {
            server.pause();
            server.url("mysql")
        }
        _ => return,
    };
    let server = lan.server().to_string();
    ends(
        || lan.manage_as_first(&url, &server).args(WAIT),
        |_| wait_until(SOON, "it is connected", || lan.client("ss -Htn state established").contains(&server)),
    );
}

/// What it becomes keeps the process id, and the signals reach it.
#[case(on_each_server)]
fn it_becomes_the_program(_: Backend, url: &str) {
    let lan = Lan::new();
    let server = lan.server().to_string();
    let script = "trap 'echo terminated; exit 7' TERM; trap 'echo interrupted; exit 8' INT; echo pid $$; while :; do sleep 0.05; done";
    for (sent, word, code) in [(Signal::TERM, "terminated", 7), (Signal::INT, "interrupted", 8)] {
        let mut running =
            lan.manage_as_first(url, &server).args(["wait_for_db", "--", "sh", "-c", script]).spawn();
        running.wait_for_line("pid 1", SOON);
        signal(&running, sent);
        let transcript = running.wait(SOON).expect_code(code);
        assert!(transcript.stdout.lines().any(|line| line == word), "{transcript}");
    }
    // A program that catches nothing is as any other first process: it is not ended by a signal from within
    // its container.
    let program = lan.manage_as_first(url, &server).args(["wait_for_db", "--", "sh", "-c", "exit 42"]);
    program.run(SOON).expect_code(42);
    let mut running = lan.manage_as_first(url, &server).args(["wait_for_db", "--", "sleep", "60"]).spawn();
    wait_until(SOON, "it has become the program", || {
        first(&running).is_some_and(|pid| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n")
        })
    });
    let pid = first(&running).expect("a process");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its state");
    // Neither signal is blocked or ignored for it.
    for name in ["SigBlk:", "SigIgn:"] {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        let mask = u64::from_str_radix(line.trim_start_matches(name).trim(), 16).expect("a number");
        assert_eq!(mask & (1 << 1 | 1 << 14), 0, "{line}");
    }
    assert!(!happens_within(Duration::from_millis(50), || !running.is_running()));
    running.kill();
}
