//! Files with passwords that too many can read.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Context;
use crate::settings::{SecretFile, secret_files};

use super::super::Message;
use super::super::catalog::{READABLE_SECRET, TRACKED_SECRET};

pub(super) fn check(cx: &Context) -> Vec<Message> {
    let mut messages = Vec::new();
    for SecretFile { path, what } in secret_files(cx.source()) {
        // A path that starts from the working folder has no parent to look at.
        let Ok(path) = std::path::absolute(&path) else { continue };
        let shown = path.display();
        if let Some(mode) = readable_by_others(&path) {
            messages.push(
                READABLE_SECRET
                    .message(format!(
                        "The file holds {what}, and every user of this machine can read it (mode {mode:o})."
                    ))
                    .about(shown.to_string())
                    .hint(format!("Run `chmod 600 {shown}`.")),
            );
        }
        if is_tracked(&path) {
            messages.push(
                TRACKED_SECRET
                    .message(format!("The file holds {what}, and git tracks it: whoever has the repository has that."))
                    .about(shown.to_string())
                    .hint(format!(
                        "Change the password, keep the new one in a variable or a file that git ignores, and run \
                         `git rm --cached {shown}` if the file has nothing else."
                    )),
            );
        }
    }
    messages
}

/// The mode of a file that every user may read: its own mode and that of each folder above it say so. Where a container
/// engine mounts secrets, who else is on the machine is the engine's matter.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let path = path.canonicalize().ok()?;
    if path.starts_with("/run/secrets") || path.starts_with("/var/run/secrets") {
        return None;
    }
    let mode =
        |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777);
    let own = mode(&path).filter(|mode| mode & 0o004 != 0)?;
    let open = path.ancestors().skip(1).all(|folder| mode(folder).is_some_and(|mode| mode & 0o001 != 0));
    open.then_some(own)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<u32> {
    None
}

/// Whether git says that it tracks a file. Without git, outside of a repository, or where git does not trust the folder,
/// nothing is known and nothing is said.
fn is_tracked(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    if !folder.ancestors().any(|folder| folder.join(".git").exists()) {
        return false;
    }
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["ls-files", "--error-unmatch", "--"]).arg(name);
    // A hook of git's, which may be what calls this, hands on another repository.
    git.env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").env_remove("GIT_WORK_TREE");
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}
