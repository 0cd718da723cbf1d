//! Files with passwords that others can read.

use std::path::Path;

use crate::command::Context;
use crate::console::printable;
use crate::settings::{SecretFile, secret_files};

use super::super::Message;
use super::super::catalog::{READABLE_SECRET, TRACKED_SECRET};
use super::git;

pub(super) fn check(cx: &Context) -> Vec<Message> {
    let mut messages = Vec::new();
    for SecretFile { path, what } in secret_files(cx.source()) {
        // A path relative to the working directory has no parent to inspect.
        let Ok(path) = std::path::absolute(&path) else { continue };
        let (object, shown) = (path.display().to_string(), printable(&path));
        if let Some(mode) = readable_by_others(&path) {
            messages.push(
                READABLE_SECRET
                    .message(format!(
                        "The file holds {what}, and every user of this machine can read it (mode {mode:o})."
                    ))
                    .about(&object)
                    .hint(format!("Run `chmod 600 {shown}`.")),
            );
        }
        if git::is_tracked(&path) {
            messages.push(
                TRACKED_SECRET
                    .message(format!("The file holds {what}, and git tracks it: everyone with access to the repository can read it."))
                    .about(&object)
                    .hint(format!(
                        "Change the password, keep the new one in a variable or a file that git ignores, and run \
                         `git rm --cached {shown}` if the file has nothing else."
                    )),
            );
        }
    }
    messages
}

/// Returns the mode of a file that every user can read, judging by its own mode and those of its parent
/// directories. For secrets mounted by a container engine, the engine is responsible for access.
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
