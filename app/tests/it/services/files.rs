//! `file:///path`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use manage_test_support::case;

use super::{LONG, not_yet, ready, waiter, wrong};

#[case]
fn they_are_there_or_come_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let url = |name: &str| format!("file://{}", path(name).display());
    fs::write(path("ready now"), "").expect("a file");
    ready(&url("ready%20now"));
    ready(&url("ready now"));
    ready(&url("").replace("file://", "file://localhost"));
    // It need not be readable.
    fs::set_permissions(path("ready now"), fs::Permissions::from_mode(0o000)).expect("a mode");
    ready(&url("ready%20now"));
    not_yet(&url("missing"), &[], "ENOENT: there is no such file");
    not_yet(&url("ready now/below"), &[], "ENOENT: there is no such file");
    std::os::unix::fs::symlink("loop", path("loop")).expect("a link");
    wrong(&url("loop"), "It cannot be used");
    wrong(&url(&"x".repeat(300)), "It cannot be used");
    let mut running = waiter(&url("late"), &["--timeout", "100"]).spawn();
    running.wait_for_line("**Services unavailable, waiting...**", LONG);
    fs::create_dir(path("late")).expect("a folder");
    running.wait(LONG).expect_success();
}
