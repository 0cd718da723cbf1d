//! `.dockerignore`: what the build does not read.

use std::path::{Path, PathBuf};

use super::project::CargoProject;

/// What no build reads, in any project.
const ALWAYS: [&str; 10] = [
    ".git",
    ".github",
    "**/.env",
    "**/.env.*",
    "**/*.sqlite3*",
    "**/node_modules",
    // Only here: a program may contain templates of such names.
    "/Dockerfile*",
    "/.dockerignore",
    "/docker-compose*.yml",
    "/secrets",
];

/// Returns the file. `secrets` are files of which none may get into a layer.
pub(super) fn dockerignore(project: &CargoProject, context: &Path, secrets: &[PathBuf]) -> String {
    let relative = |path: &Path| path.strip_prefix(context).ok()?.to_str().map(str::to_owned);
    let mut lines = vec![
        format!("# Written by `{} startdeploy docker`: what the build does not read.", project.program),
        "# A change in these compiles nothing, and no secret gets into a layer.".to_owned(),
    ];
    lines.extend(ALWAYS.map(str::to_owned));
    // Not any directory of this name, which may be a module.
    let mut targets: Vec<String> =
        project.packages.iter().filter_map(|package| relative(&package.workspace.join("target"))).collect();
    targets.dedup();
    lines.extend(targets);
    let written = ["deploy/kubernetes", "deploy/systemd"].map(|name| project.workspace.join(name));
    lines.extend(written.iter().filter_map(|path| relative(path)));
    let known = |path: &str| path.ends_with("/.env") || path == ".env";
    let mut secrets: Vec<String> =
        secrets.iter().filter_map(|path| relative(path)).filter(|path| !known(path)).collect();
    secrets.sort();
    secrets.dedup();
    if !secrets.is_empty() {
        lines.push("# The settings name these for secrets.".to_owned());
        lines.extend(secrets);
    }
    lines.join("\n") + "\n"
}
