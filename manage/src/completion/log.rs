//! The log of errors during completion, which must not appear at the shell prompt.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::console::printable;
use crate::settings::Environment;

/// The maximum size: a log that would become larger is truncated first.
const MAX_BYTES: u64 = 64 * 1024;
/// The maximum length of a message or a directory's name.
const MAX_CHARS: usize = 500;

/// Appends one line. Failures are ignored, because they cannot be reported to anyone.
pub(super) fn note(environment: &Environment, command: &str, message: &str) {
    let Some(path) = path(environment) else { return };
    let Some(folder) = path.parent() else { return };
    // The typed text is omitted: it may contain a password.
    let message = short(&message.split_whitespace().collect::<Vec<_>>().join(" "));
    let (command, directory) = (short(command), short(&environment.folder().to_string_lossy()));
    let time = humantime::format_rfc3339_seconds(SystemTime::now());
    let line = format!("{time} {directory}: {command}: {message}\n");
    let _ = open(folder, &path).and_then(|file| append(file, &line));
}

/// Returns a text of limited length, without characters that a terminal interprets.
fn short(text: &str) -> String {
    printable(text).chars().take(MAX_CHARS).collect()
}

/// Opens the log, which only its user can read: the errors of a project's functions may contain anything.
fn open(folder: &Path, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        crate::files::PrivateDirectory::open(folder)?.append(name)
    }
    #[cfg(not(unix))]
    {
        std::fs::create_dir_all(folder)?;
        File::options().create(true).append(true).open(path)
    }
}

fn append(mut file: File, line: &str) -> io::Result<()> {
    if file.metadata()?.len() + line.len() as u64 > MAX_BYTES {
        file.set_len(0)?;
    }
    file.write_all(line.as_bytes())
}

/// Returns `$XDG_STATE_HOME/manage/completion.log`, as the XDG Base Directory Specification places logs.
fn path(environment: &Environment) -> Option<PathBuf> {
    let folder = |name: &str| environment.text(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| match cfg!(windows) {
        true => folder("LOCALAPPDATA"),
        false => folder("HOME").map(|home| home.join(".local/state")),
    })?;
    Some(state.join("manage").join("completion.log"))
}
