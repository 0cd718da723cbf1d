//! The log of what went wrong while a person pressed TAB: a prompt is no place to say it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use crate::settings::Environment;

/// A log that is larger begins anew.
const MAX_BYTES: u64 = 64 * 1024;
/// What a line says at the most.
const MAX_CHARS: usize = 500;

/// Adds one line. Where that cannot be done there is nobody to tell.
pub(super) fn note(environment: &Environment, command: &str, message: &str) {
    let Some(path) = path(environment) else { return };
    let Some(folder) = path.parent() else { return };
    // What was typed is left out: it may hold a password.
    let message: String =
        message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect();
    let time = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ");
    let line = format!("{time} {}: {command}: {message}\n", environment.folder().display());
    let _ = fs::create_dir_all(folder);
    let begin_anew = fs::metadata(&path).is_ok_and(|file| file.len() > MAX_BYTES);
    let opened = match begin_anew {
        true => fs::File::create(&path),
        false => OpenOptions::new().create(true).append(true).open(&path),
    };
    let _ = opened.and_then(|mut file| file.write_all(line.as_bytes()));
}

/// `$XDG_STATE_HOME/manage/completion.log`, as the XDG Base Directory Specification places logs.
fn path(environment: &Environment) -> Option<PathBuf> {
    let folder = |name: &str| environment.text(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| match cfg!(windows) {
        true => folder("LOCALAPPDATA"),
        false => folder("HOME").map(|home| home.join(".local/state")),
    })?;
    Some(state.join("manage").join("completion.log"))
}
