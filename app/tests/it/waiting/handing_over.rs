//! `-- CMD`: the program that is run when all is ready, and only then.

use std::os::unix::fs::PermissionsExt;

use manage_test_servers::{Backend, Signal, Suite, free_port};

use super::bench::{LONG, Server, WRONG, Wait, at_port};
use super::on_both;

pub(crate) fn add(suite: &mut Suite) {
    on_both(suite, "handing_over::it_is_run_only_when_ready", it_is_run_only_when_ready);
    on_both(suite, "handing_over::it_keeps_the_process", it_keeps_the_process);
    on_both(suite, "handing_over::a_program_that_cannot_be_run", a_program_that_cannot_be_run);
}

fn it_is_run_only_when_ready(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark").display().to_string();
    let server = Server::shared(backend);
    let wrong = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    for (url, options, code) in [
        (at_port(backend, free_port()), "--timeout 2", 124),
        (at_port(backend, free_port()), "--once", 1),
        (wrong, "--fail-fast-after 0", 78),
        (server.own_url(), "--stable-for 60 --timeout 2", 124),
    ] {
        let ended = Wait::new(&url, options).then(&["touch", &mark]).end();
        assert_eq!(ended.transcript.code(), Some(code), "{}", ended.transcript);
        assert!(!folder.path().join("mark").exists(), "{options}");
    }
    let ended = Wait::new(&server.own_url(), "").then(&["sh", "-c", "touch \"$0\"; exit 42", &mark]).end();
    assert_eq!(ended.transcript.code(), Some(42), "{}", ended.transcript);
    assert!(folder.path().join("mark").exists());
}

fn it_keeps_the_process(backend: Backend) {
    let server = Server::prepare(backend);
    // It says its process id, and ends by a signal in its own way.
    let script = "trap 'echo got TERM; exit 7' TERM; echo pid $$; while :; do sleep 0.05; done";
    let mut waiting = Wait::new(&server.own_url(), "").then(&["sh", "-c", script]).start();
    waiting.until("refused");
    assert!(!waiting.running.stdout().contains("pid "), "{}", waiting.running.stdout());
    server.start_again();
    let line = waiting.running.wait_for_line("pid ", LONG);
    assert_eq!(line, format!("pid {}", waiting.running.pid()));
    waiting.running.signal(Signal::TERM);
    let transcript = waiting.running.wait(LONG).expect_code(7);
    assert!(transcript.stdout.contains("got TERM"), "{transcript}");
    // No signal is ignored or blocked that a program counts on.
    let piped = Wait::new(&server.own_url(), "").then(&["sh", "-c", "kill -PIPE $$; echo survived"]);
    let ended = piped.program().run(LONG);
    assert!(!ended.stdout.contains("survived") && ended.code().is_none(), "{ended}");
}

fn a_program_that_cannot_be_run(backend: Backend) {
    let server = Server::shared(backend);
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain.txt");
    std::fs::write(&plain, "no program").expect("a file");
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    let plain = plain.display().to_string();
    for (command, code) in [("no-such-program-anywhere", 127), (plain.as_str(), 126), ("/", 126)] {
        let ended = Wait::text(&server.own_url(), "").then(&[command]).end();
        assert_eq!(ended.transcript.code(), Some(code), "{command}: {}", ended.transcript);
        ended.says("Cannot run ");
    }
}
