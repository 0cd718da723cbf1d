//! From an empty volume to the first page.

use manage_test_support::{Need, case, needs, wait_until};

use super::engine::{PATIENCE, docker, inspect};
use super::stack::Stack;

/// Returns the lines of one container, without Compose's prefix.
fn lines(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| Some(line.split_once(" | ")?.1.trim_end())).collect()
}

/// PostgreSQL answers on its own socket while a script of the team runs, and nobody else should believe that
/// it is ready.
#[case(needs(Need::Docker))]
fn a_cold_volume_with_a_slow_script_ends_in_the_first_page() {
    let stack = Stack::new();
    let script = stack.folder().join("slow.sql");
    std::fs::write(&script, "SELECT pg_sleep(4);").expect("a file");
    let mount = format!("{}:/docker-entrypoint-initdb.d/slow.sql:ro", script.display());
    stack.change(&format!("  db:\n    volumes: ['{mount}']\n"));
    stack.up(&[]);
    stack.wait_for_status(200);
    let log = stack.logs("app");
    let lines = lines(&log);
    let place = |text: &str| {
        lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?} in {log}"))
    };
    // Each line comes after what was printed before it, whichever stream it was printed to.
    let order = [
        "Waiting for database",
        "Database unavailable",
        "Successfully connected to Database.",
        "Running migrations:",
        "create_articles... OK",
        "0.0.0.0:8000",
    ];
    assert!(order.map(place).is_sorted(), "{log}");
    assert_eq!(stack.replicas("{{.RestartCount}}"), ["0"], "{log}");
    stack.wait_for_health(1);
}

#[case(needs(Need::Docker))]
fn what_was_stopped_starts_again_with_the_app_first() {
    let stack = Stack::new();
    stack.up(&[]);
    stack.wait_for_status(200);
    stack.run(&["stop"]);
    let app = stack.container("app");
    docker(&["start", &app]);
    // The name of the database is not known as long as its container does not run.
    let since = inspect(&app, "{{.State.StartedAt}}");
    let new_log = || docker(&["logs", "--since", &since, &app]);
    wait_until(PATIENCE, "the app to wait", || new_log().contains("Waiting for database"));
    stack.run(&["start", "db", "proxy"]);
    stack.wait_for_status(200);
    assert_eq!(inspect(&app, "{{.State.Running}} {{.RestartCount}}"), "true 0", "{}", stack.logs("app"));
}

/// The time between the first connection that the database could accept and the end of the wait, by the
/// engine's own clock.
#[case(needs(Need::Docker))]
fn a_database_that_appears_late_is_noticed_within_a_quarter_of_a_second() {
    let stack = Stack::new();
    stack.up(&["--no-deps", "app"]);
    stack.wait_for_log("app", "Database unavailable");
    stack.up(&["db"]);
    stack.wait_for_log("app", "Successfully connected to Database.");
    let time = |container: &str, text: &str| {
        let log = super::engine::text(
            &std::process::Command::new("sh")
                .args(["-c", &format!("docker logs --timestamps {container} 2>&1")])
                .output()
                .expect("a shell"),
        );
        // The last one: the server that sets up the volume says the same.
        let line =
            log.lines().rfind(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?} in {log}"));
        let stamp = line.split(' ').next().expect("a time");
        chrono::DateTime::parse_from_rfc3339(stamp).expect("a time")
    };
    let ready = time(&stack.container("db"), "ready to accept connections");
    let noticed = time(&stack.container("app"), "Successfully connected");
    let late = (noticed - ready).num_milliseconds();
    // An answer may be logged before the message of the server that gave it.
    assert!((-250..=250).contains(&late), "{late} ms");
}
