//! What the containers may use and do.

use std::process::Command;

use manage_test_support::{Need, case, needs};

use super::engine::{docker, inspect};
use super::image::image;
use super::stack::{Stack, status};

#[case(needs(Need::Docker))]
fn it_serves_with_32_mb_of_memory() {
    let stack = Stack::with("  app:\n    mem_limit: 32m\n    memswap_limit: 32m\n");
    stack.up(&[]);
    stack.wait_for_status(200);
    let port = stack.port;
    let clients: Vec<_> =
        (0..16).map(|_| std::thread::spawn(move || (0..50).all(|_| status(port) == Some(200)))).collect();
    assert!(clients.into_iter().all(|client| client.join().expect("a thread")), "{}", stack.logs("app"));
    let app = stack.container("app");
    assert_eq!(
        inspect(&app, "{{.State.OOMKilled}} {{.RestartCount}} {{.HostConfig.Memory}}"),
        "false 0 33554432"
    );
}

/// As the shipped file has it: nothing is written but to /tmp, with no rights and as nobody in particular.
#[case(needs(Need::Docker))]
fn the_root_is_read_only_and_the_process_has_no_rights() {
    let stack = Stack::new();
    stack.up(&[]);
    stack.wait_for_status(200);
    let app = stack.container("app");
    assert_eq!(inspect(&app, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"), "true [ALL]");
    let process = inspect(&app, "{{.State.Pid}}");
    let state = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process");
    let line = |name: &str| {
        let line = state.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("Uid:"), "1000 1000 1000 1000");
    assert_eq!(line("CapEff:"), "0000000000000000");
    assert_eq!(line("CapBnd:"), "0000000000000000");
    assert_eq!(line("NoNewPrivs:"), "1");
    // Process 1 of the container is the server itself.
    assert_eq!(line("NSpid:").split(' ').next_back(), Some("1"));
    let write = |file: &str| {
        let url = format!("DATABASE_URL=sqlite:{file}");
        Command::new("docker")
            .args(["exec", "--env", &url, &app, "manage", "migrate"])
            .output()
            .expect("docker")
    };
    let refused = write("/home/app/db.sqlite3");
    assert!(!refused.status.success());
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("/home/app/db.sqlite3"), "{message}");
    let written = write("/tmp/db.sqlite3");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
}

/// `check --deploy` knows the layers of this engine, whatever its storage driver is, and a volume.
#[case(needs(Need::Docker))]
fn a_file_in_the_container_is_warned_of() {
    let check = |file: &str| {
        let url = format!("DATABASE_URL=sqlite:{file}");
        let run = ["run", "--rm", "--volume", "/data", "--env", &url, image()];
        let check = ["manage", "check", "--deploy", "--format", "json", "--fail-level", "critical"];
        docker(&[&run[..], &check[..]].concat())
    };
    let inside = check("/home/app/db.sqlite3");
    assert!(inside.contains("/home/app/db.sqlite3 is in a container's own layer"), "{inside}");
    let outside = check("/data/db.sqlite3");
    assert!(outside.starts_with('{') && !outside.contains("own layer"), "{outside}");
}
