//! `docker-compose up` as a developer types it: with the file of overrides, the source mounted, and reloading.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use manage_test_support::{Need, case, free_port, needs, wait_until};

use super::image::copy_repository;
use super::stack::get;

/// All crates are compiled at first. The volumes stay on the engine for the next run.
const BUILD: Duration = Duration::from_secs(20 * 60);

struct Development<'a> {
    folder: &'a Path,
    port: u16,
}

impl Development<'_> {
    fn compose(&self, arguments: &[&str]) -> std::process::Output {
        Command::new("docker-compose")
            .args(["--project-name", "manage-test-development"])
            .args(arguments)
            .current_dir(self.folder)
            .env("APP_PORT", self.port.to_string())
            .env("DOCKER_BUILDKIT", "0")
            .stdin(Stdio::null())
            .output()
            .expect("docker-compose")
    }
}

impl Drop for Development<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = self.compose(&["logs", "--no-color", "--tail", "100"]).stdout;
            // The test's output is the only place where they can be read afterwards.
            let _ = std::io::stderr().write_all(&logs);
        }
        self.compose(&["down", "--timeout", "5"]);
    }
}

#[case(needs(Need::Docker))]
fn an_edit_of_the_mounted_source_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_repository(folder.path());
    // Another account's folder, as that of a developer is in the container.
    super::engine::text(
        &Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).output().expect("chmod"),
    );
    let stack = Development { folder: folder.path(), port: free_port() };
    super::engine::text(&stack.compose(&["up", "--detach", "--build"]));
    wait_until(BUILD, "the first page", || {
        get(stack.port).is_some_and(|page| page.contains("<h1>Articles</h1>"))
    });
    let view = folder.path().join("app/src/views.rs");
    let source = std::fs::read_to_string(&view).expect("a file");
    assert_eq!(source.matches("h1 { \"Articles\" }").count(), 1);
    std::fs::write(&view, source.replace("h1 { \"Articles\" }", "h1 { \"Essays\" }")).expect("a file");
    wait_until(BUILD, "the edit", || {
        let page = get(stack.port).expect("an answer while it builds");
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        page.contains("<h1>Essays</h1>")
    });
}
