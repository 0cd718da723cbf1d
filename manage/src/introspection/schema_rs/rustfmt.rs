//! Formats Rust's code as the project does.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// Formats a text by `rustfmt`, with the configuration of a directory; the error is a clause.
pub(super) fn format(text: &str, directory: &Path) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt cannot be run: {error}"))?;
    let mut stdin = child.stdin.take();
    let text = text.to_owned();
    // It may write before it has read everything.
    let writer = thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().map_err(|error| format!("rustfmt cannot be run: {error}"))?;
    drop(writer.join());
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("rustfmt failed: {}", errors.lines().next().unwrap_or_default()));
    }
    String::from_utf8(output.stdout).map_err(|_| "rustfmt did not print UTF-8".to_owned())
}
