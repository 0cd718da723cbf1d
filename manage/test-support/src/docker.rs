//! A Docker engine, for the tests of what the repository ships for containers.

use std::process::{Command, Output, Stdio};

use crate::find::{self, Unavailable};

pub(crate) const INSTALL: &str = "install Docker Engine and docker-compose, and pull the images rust:1.95-slim-bookworm, postgres:18 and \
                                  nginx:1.28, or make stand-ins with app/tests/docker/base-images.sh";

/// The images that are used. They are not pulled by a test: that may take longer than the test itself, or
/// forever.
const IMAGES: [&str; 3] = ["rust:1.95-slim-bookworm", "postgres:18", "nginx:1.28"];

/// Returns why there is no engine to test with, if there is none. One that does not run counts as not
/// installed.
pub(crate) fn missing() -> Option<Unavailable> {
    let missing =
        |what: &str| Unavailable::NotInstalled { program: what.to_owned(), install: INSTALL.to_owned() };
    let programs = ["docker", "docker-compose"];
    if let Some(program) = programs.into_iter().find(|program| find::on_path(program).is_none()) {
        return Some(missing(program));
    }
    if !succeeds(&["version"]) {
        return Some(missing("a running Docker Engine"));
    }
    IMAGES.into_iter().find(|image| !succeeds(&["image", "inspect", image])).map(missing)
}

/// Returns why no image of Rust can be used, if none can.
pub(crate) fn missing_rust(install: String) -> Option<Unavailable> {
    let image = "rust:1-slim-bookworm";
    let is_there = find::on_path("docker").is_some() && succeeds(&["image", "inspect", image]);
    (!is_there).then(|| Unavailable::NotInstalled { program: image.to_owned(), install })
}

/// Returns what a `docker build` printed, without the colour of what came from stderr. The engine puts it around each
/// piece that it receives, which may be half a line.
///
/// # Panics
///
/// If the build failed.
#[track_caller]
pub fn build_log(output: &Output) -> String {
    let [log, errors] = [&output.stdout, &output.stderr]
        .map(|text| String::from_utf8_lossy(text).replace("\u{1b}[91m", "").replace("\u{1b}[0m", ""));
    assert!(output.status.success(), "{}\n{log}\n{errors}", output.status);
    log
}

fn succeeds(arguments: &[&str]) -> bool {
    let command = Command::new("docker").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    command.is_ok_and(|status| status.success())
}
