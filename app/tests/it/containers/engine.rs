//! The engine's own commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// What a start may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").to_owned()
}

/// Runs `docker`, and returns what it printed.
#[track_caller]
pub(super) fn docker<S: AsRef<str>>(arguments: &[S]) -> String {
    let arguments = arguments.iter().map(S::as_ref);
    text(&Command::new("docker").args(arguments).env("DOCKER_BUILDKIT", "0").output().expect("docker"))
}

#[track_caller]
pub(super) fn text(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    stdout.into_owned()
}

/// Returns one value of what the engine knows about a container, such as `{{.State.ExitCode}}`.
#[track_caller]
pub(super) fn inspect(container: &str, format: &str) -> String {
    docker(&["inspect", "--format", format, container]).trim().to_owned()
}
