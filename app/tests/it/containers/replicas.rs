//! Several replicas behind one address, and a new version without a failed request.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manage_test_support::{Need, case, needs, wait_until};

use super::engine::{PATIENCE, docker, inspect, root, text};
use super::stack::{Stack, status};

#[case(needs(Need::Docker))]
fn three_replicas_start_at_once_and_one_migrates() {
    let stack = Stack::new();
    stack.up(&["--scale", "app=3"]);
    stack.wait_for_health(3);
    stack.wait_for_status(200);
    let log = stack.logs("app");
    assert_eq!(log.matches("create_articles... OK").count(), 1, "{log}");
    assert!(stack.replicas("{{.RestartCount}}").iter().all(|count| count == "0"), "{log}");
    // A replica that crashes is started again; the others answer meanwhile.
    let first = stack.containers("app")[0].clone();
    let process = inspect(&first, "{{.State.Pid}}");
    text(&Command::new("kill").args(["-KILL", &process]).output().expect("kill"));
    assert_eq!(stack.status(), Some(200));
    wait_until(PATIENCE, "the replica to be started again", || inspect(&first, "{{.RestartCount}}") == "1");
    stack.wait_for_health(3);
}

/// A hundred requests a second, or as many as the machine has time for.
struct Load {
    statuses: Vec<Option<u16>>,
}

impl Load {
    const CLIENTS: u32 = 28;
    const PAUSE: Duration = Duration::from_millis(200);

    fn during(port: u16, work: impl FnOnce()) -> Self {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..Self::CLIENTS)
                .map(|number| {
                    let is_over = &is_over;
                    scope.spawn(move || {
                        std::thread::sleep(Self::PAUSE * number / Self::CLIENTS);
                        let mut statuses = Vec::new();
                        while !is_over.load(Ordering::Relaxed) {
                            let start = Instant::now();
                            statuses.push(status(port));
                            std::thread::sleep(Self::PAUSE.saturating_sub(start.elapsed()));
                        }
                        statuses
                    })
                })
                .collect();
            work();
            is_over.store(true, Ordering::Relaxed);
            Self {
                statuses: clients.into_iter().flat_map(|client| client.join().expect("a thread")).collect(),
            }
        })
    }
}

/// `MANAGE_TEST_ROUNDS=20` updates twenty times.
#[case(needs(Need::Docker))]
fn a_new_version_replaces_the_old_one_without_a_failed_request() {
    let rounds: usize = std::env::var("MANAGE_TEST_ROUNDS").map_or(1, |text| text.parse().expect("a number"));
    let stack = Stack::new();
    stack.up(&["--scale", "app=2"]);
    stack.wait_for_health(2);
    stack.wait_for_status(200);
    let (mut requests, mut time) = (0, Duration::ZERO);
    for round in 0..rounds {
        let old = stack.containers("app");
        // Another image, as after a build.
        let version = format!("manage-test-version:{}-{round}", std::process::id());
        let new = format!("FROM {}\nLABEL version={round}\n", super::image::image());
        std::fs::write(stack.folder().join("Dockerfile"), new).expect("a file");
        docker(&["build", "--quiet", "--tag", &version, &stack.folder().display().to_string()]);
        stack.set_image(&version);
        let start = Instant::now();
        let load = Load::during(stack.port, || {
            let mut update = Command::new("sh");
            update.arg(root().join("app/docker/roll-out.sh")).env("COMPOSE", stack.words().join(" "));
            update.envs(stack.environment());
            text(&update.arg("app").output().expect("a shell"));
        });
        (requests, time) = (requests + load.statuses.len(), time + start.elapsed());
        let failed = load.statuses.iter().filter(|status| **status != Some(200)).count();
        assert_eq!(
            failed,
            0,
            "of {} requests: {:?}\n{}",
            load.statuses.len(),
            load.statuses,
            stack.logs("proxy")
        );
        let now = stack.containers("app");
        assert_eq!(now.len(), 2);
        assert!(now.iter().all(|container| !old.contains(container)), "{old:?} {now:?}");
        assert!(stack.replicas("{{.Config.Image}}").iter().all(|image| *image == version));
    }
    let seconds = time.as_secs_f64();
    let _ = writeln!(
        std::io::stderr(),
        "{rounds} updates: {requests} requests in {seconds:.0} s ({:.0} a second), none failed",
        requests as f64 / seconds
    );
}
