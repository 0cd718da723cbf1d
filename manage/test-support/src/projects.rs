//! Projects that tests make in directories of their own, and build with this checkout.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Program;

/// The time for a cold build of the framework and of a program.
pub const BUILD: Duration = Duration::from_secs(1200);

/// Returns the directory of this checkout.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace")
}

/// Gives a project the versions that the workspace has.
pub fn lock(project: &Path) {
    std::fs::copy(workspace().join("Cargo.lock"), project.join("Cargo.lock"))
        .expect("the versions that were tried");
}

/// Returns the target directory that all such projects share: what is equal in them is built once. Each has a program
/// `manage` there, so their tests run [in turn](crate::Suite::in_turn).
pub fn project_target() -> PathBuf {
    workspace().join("target").join("projects")
}

/// Returns cargo, to be run in a directory.
pub fn cargo(directory: &Path, words: &[&str]) -> Program {
    let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    with_cargo(Program::new(cargo).args(words).cwd(directory))
}

/// Gives a program what cargo needs: the toolchain, the registry, and [`project_target`].
pub fn with_cargo(program: Program) -> Program {
    let mut program = program
        .env("CARGO_TARGET_DIR", project_target())
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_COLOR", "never");
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_cargos =
            ["CARGO_HOME", "CARGO_REGISTR", "CARGO_HTTP"].iter().any(|start| text.starts_with(start));
        if text == "CARGO"
            || is_cargos
            || text.starts_with("RUSTUP_")
            || text.ends_with("_proxy")
            || text.starts_with("SSL_CERT")
        {
            program = program.env(&name, value);
        }
    }
    program
}
