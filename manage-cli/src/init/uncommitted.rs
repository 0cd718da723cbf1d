//! What git has not committed yet of the files that `init` changes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::change::Change;
use crate::output::shown;

/// Returns a warning that names the changed files with uncommitted changes. Without git, and outside of a
/// repository, there is none.
pub(crate) fn warning(changes: &[Change]) -> Option<String> {
    let existing = changes.iter().filter(|change| change.before.is_some());
    let names: Vec<String> =
        existing.filter(|change| is_uncommitted(&change.path)).map(|change| shown(&change.path)).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    (!names.is_empty()).then(|| {
        format!(
            "Warning: {} {verb} uncommitted changes, and `git diff` will show them together with those above.\n\
             Hint: Commit or stash them first.",
            names.join(", ")
        )
    })
}

/// Returns whether git reports a file as changed or untracked.
fn is_uncommitted(path: &Path) -> bool {
    // A link may lead into another repository.
    let Ok(path) = path.canonicalize() else { return false };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let output = Command::new("git")
        .args(["--no-optional-locks", "--literal-pathspecs", "status", "--porcelain", "--"])
        .arg(name)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
}
