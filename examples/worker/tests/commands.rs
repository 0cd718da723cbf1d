//! The worker, in the test's own process and as a process of its own.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use manage::testing::Project;

#[test]
fn jobs_are_done_in_order() {
    let project = Project::new(manage::program!(worker)).with_database();
    for text in ["Bake", "Sell"] {
        project.run(["enqueue", text]).expect_success();
    }
    assert_eq!(project.run(["work", "--once"]).stdout, "Bake: done\nSell: done\n");
    assert_eq!(project.run(["work", "--once"]).stdout, "");
}

#[test]
fn a_signal_ends_it_well_and_there_is_only_one() {
    let directory = std::env::temp_dir().join(format!("worker-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let manage = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
        command.args(words).current_dir(&directory).env_remove("DATABASE_URL").stdout(Stdio::null());
        command
    };
    assert!(manage(&["migrate"]).status().unwrap().success());
    // The others below may have the lock for a moment.
    let mut first = manage(&["work", "--isolated-wait", "30"]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    // 75: another one works.
    while manage(&["work", "--once"]).stderr(Stdio::null()).status().unwrap().code() != Some(75) {
        assert!(Instant::now() < deadline, "the first one has no lock");
    }
    let killed = Command::new("kill").args(["-TERM", &first.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(first.wait().unwrap().code(), Some(0));
    std::fs::remove_dir_all(&directory).unwrap();
}
