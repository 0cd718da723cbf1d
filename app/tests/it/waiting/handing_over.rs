//! `-- CMD`: the program that is run when all is ready, and only then.

use std::os::unix::fs::PermissionsExt;

use manage_test_support::{Backend, DatabaseServer, Signal, case, free_port};

use super::bench::{LONG, WRONG, Wait, at_port, own_url};
use super::on_both;

#[case(on_both)]
fn it_is_run_only_when_ready(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark").display().to_string();
    let server = DatabaseServer::shared(backend);
    let wrong = server.url_as("127.0.0.1", server.user(), WRONG, server.own_database());
    for (url, options, code) in [
        (at_port(backend, free_port()), "--timeout 2", 124),
        (at_port(backend, free_port()), "--once", 1),
        (wrong, "--fail-fast-after 0", 78),
        (own_url(server), "--stable-for 60 --timeout 2", 124),
    ] {
        let ended = Wait::new(&url, options).then(&["touch", &mark]).end();
        assert_eq!(ended.transcript.code(), Some(code), "{}", ended.transcript);
        assert!(!folder.path().join("mark").exists(), "{options}");
    }
    let ended = Wait::new(&own_url(server), "").then(&["sh", "-c", "touch \"$0\"; exit 42", &mark]).end();
    assert_eq!(ended.transcript.code(), Some(42), "{}", ended.transcript);
    assert!(folder.path().join("mark").exists());
}

#[case(on_both)]
fn it_keeps_the_process(backend: Backend) {
    let server = DatabaseServer::prepare(backend);
    // It says its process id, and ends by a signal in its own way.
    let script = "trap 'echo got TERM; exit 7' TERM; echo pid $$; while :; do sleep 0.05; done";
    let mut waiting = Wait::new(&own_url(&server), "").then(&["sh", "-c", script]).start();
    waiting.until("refused");
    assert!(!waiting.running.stdout().contains("pid "), "{}", waiting.running.stdout());
    server.start_again();
    let line = waiting.running.wait_for_line("pid ", LONG);
    assert_eq!(line, format!("pid {}", waiting.running.pid()));
    waiting.running.signal(Signal::TERM);
    let transcript = waiting.running.wait(LONG).expect_code(7);
    assert!(transcript.stdout.contains("got TERM"), "{transcript}");
    // No signal is ignored or blocked that a program counts on.
    let piped = Wait::new(&own_url(&server), "").then(&["sh", "-c", "kill -PIPE $$; echo survived"]);
    let ended = piped.program().run(LONG);
    assert!(!ended.stdout.contains("survived") && ended.code().is_none(), "{ended}");
}

#[case(on_both)]
fn a_program_that_cannot_be_run(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain.txt");
    std::fs::write(&plain, "no program").expect("a file");
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    let plain = plain.display().to_string();
    for (command, code) in [("no-such-program-anywhere", 127), (plain.as_str(), 126), ("/", 126)] {
        let ended = Wait::text(&own_url(server), "").then(&[command]).end();
        assert_eq!(ended.transcript.code(), Some(code), "{command}: {}", ended.transcript);
        ended.says("Cannot run ");
    }
}
