//! A database that fails while the app serves, or before it can.

use std::time::{Duration, Instant};

use manage_test_support::{Need, case, needs, wait_until};

use super::engine::{PATIENCE, inspect};
use super::stack::Stack;

#[case(needs(Need::Docker))]
fn a_database_that_crashes_is_missed_and_used_again() {
    let stack = Stack::new();
    stack.up(&[]);
    stack.wait_for_status(200);
    stack.run(&["kill", "db"]);
    stack.wait_for_status(503);
    stack.run(&["start", "db"]);
    stack.wait_for_status(200);
    assert_eq!(stack.replicas("{{.RestartCount}}"), ["0"], "{}", stack.logs("app"));
}

/// A paused server keeps its connections and never answers, as a host that is out of memory does.
#[case(needs(Need::Docker))]
fn a_paused_database_is_an_answer_and_not_a_hang() {
    let stack = Stack::with("  app:\n    environment:\n      MANAGE_SERVER_REQUEST_TIMEOUT: 3\n");
    stack.up(&[]);
    stack.wait_for_status(200);
    stack.run(&["pause", "db"]);
    let start = Instant::now();
    assert_eq!(stack.status(), Some(503));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    stack.run(&["unpause", "db"]);
    stack.wait_for_status(200);
    assert_eq!(stack.replicas("{{.RestartCount}}"), ["0"], "{}", stack.logs("app"));
}

#[case(needs(Need::Docker))]
fn a_paused_database_is_waited_for() {
    let stack = Stack::new();
    stack.up(&["db"]);
    stack.wait_for_log("db", "ready for start up");
    stack.run(&["pause", "db"]);
    stack.up(&["--no-deps", "app", "proxy"]);
    stack.wait_for_log("app", "Database unavailable");
    stack.run(&["unpause", "db"]);
    stack.wait_for_status(200);
}

/// The usual cause: the volume was made with the password of that time.
#[case(needs(Need::Docker))]
fn a_password_that_was_changed_later_is_named() {
    let stack = Stack::with("  app:\n    restart: 'no'\n");
    stack.up(&["db"]);
    stack.wait_for_log("db", "ready for start up");
    stack.set_password("another");
    stack.up(&["--force-recreate"]);
    wait_until(PATIENCE, "the app to give up", || stack.replicas("{{.State.Status}}") == ["exited"]);
    let log = stack.logs("app");
    assert_eq!(stack.replicas("{{.State.ExitCode}}"), ["78"], "{log}");
    assert!(log.contains("POSTGRES_PASSWORD_FILE"), "{log}");
    assert!(log.contains("volume"), "{log}");
    assert!(!log.contains("another"), "{log}");
}

/// What can be read is still read, the reason is logged, and nothing has to be started again when there is
/// room.
#[case(needs(Need::Docker))]
fn a_full_disk_is_named_and_survived() {
    let small =
        "  app: {}\nvolumes:\n  database:\n    driver_opts: { type: tmpfs, device: tmpfs, o: size=160m }\n";
    let stack = Stack::with(small);
    stack.up(&[]);
    stack.wait_for_status(200);
    let fill = "dd if=/dev/zero of=/var/lib/postgresql/filler bs=1M; true";
    stack.run(&["exec", "-T", "db", "sh", "-c", fill]);
    assert_eq!(stack.status(), Some(200));
    let file = "---\ntitle: Long\nslug: long\n---\n\n".to_owned() + &"A word. ".repeat(40_000);
    std::fs::write(stack.folder().join("long.md"), file).expect("a file");
    let posts = format!("{}:/posts:ro", stack.folder().display());
    let import = || {
        stack.compose(&[
            "run",
            "--rm",
            "--no-deps",
            "-T",
            "--volume",
            &posts,
            "app",
            "manage",
            "import_posts",
            "/posts/long.md",
        ])
    };
    let refused = import();
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{message}");
    assert!(message.contains("No space left on device"), "{message}");
    stack.run(&["exec", "-T", "db", "rm", "/var/lib/postgresql/filler"]);
    wait_until(PATIENCE, "the import to succeed", || import().status.success());
    stack.wait_for_status(200);
    assert_eq!(inspect(&stack.container("db"), "{{.RestartCount}}"), "0", "{}", stack.logs("db"));
}
