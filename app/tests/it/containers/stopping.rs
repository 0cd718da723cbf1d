//! `docker-compose stop`: at once, with all requests finished.

use std::time::{Duration, Instant};

use manage_test_support::{Need, case, needs, wait_until};

use super::engine::{PATIENCE, docker, inspect};
use super::stack::{Stack, status};

/// The engine's signal reaches the program, without a shell or an init, in any of the three that follow each other.
#[case(needs(Need::Docker))]
fn a_stop_while_it_waits_takes_less_than_a_second() {
    let stack = Stack::new();
    stack.up(&["--no-deps", "app"]);
    stack.wait_for_log("app", "Database unavailable");
    let app = stack.container("app");
    let time = stop(&app);
    assert_eq!(inspect(&app, "{{.State.ExitCode}}"), "143");
    assert!(time < Duration::from_secs(1), "{time:?}");
}

#[case(needs(Need::Docker))]
fn a_stop_finishes_the_running_requests() {
    let stack = Stack::new();
    stack.up(&[]);
    stack.wait_for_status(200);
    // The first page waits for the table until the lock is given back.
    let lock = "BEGIN; LOCK TABLE articles IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT;";
    let locker = std::thread::scope(|scope| {
        let locker = scope.spawn(|| stack.sql(lock));
        let waits = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
        wait_until(PATIENCE, "the table to be locked", || stack.sql(waits).trim() != "0");
        let page = scope.spawn(|| status(stack.port));
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        wait_until(PATIENCE, "the page to wait", || stack.sql(waiting).trim() == "1");
        stack.run(&["stop", "--timeout", "60", "app"]);
        assert_eq!(page.join().expect("an answer"), Some(200), "{}", stack.logs("app"));
        locker.join().expect("a lock")
    });
    assert!(locker.contains("COMMIT"), "{locker}");
    ended_well(&stack, "app");
}

#[case(needs(Need::Docker))]
fn each_service_stops_within_a_second() {
    let stack = Stack::new();
    stack.up(&[]);
    stack.wait_for_status(200);
    for service in ["proxy", "app", "db"] {
        let time = stop(&stack.container(service));
        ended_well(&stack, service);
        assert!(time < Duration::from_secs(1), "{service}: {time:?}");
    }
}

/// Stops a container, and returns how long that took: without Compose, which takes most of a second itself.
#[track_caller]
fn stop(container: &str) -> Duration {
    let start = Instant::now();
    docker(&["stop", "--time", "60", container]);
    start.elapsed()
}

#[track_caller]
fn ended_well(stack: &Stack, service: &str) {
    let code = inspect(&stack.container(service), "{{.State.ExitCode}}");
    assert!(code == "0" || code == "143", "{service}: {code}\n{}", stack.logs(service));
}
