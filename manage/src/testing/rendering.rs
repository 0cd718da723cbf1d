//! The output of a program and its exit code, as one text.

/// Renders the output as the user would see it. `manage-test-support` also renders its transcripts with this
/// file.
pub(super) fn render(command: &str, stdout: &str, stderr: &str, end: &str) -> String {
    let mut text = String::new();
    if !command.is_empty() {
        text.push_str(&format!("$ {command}\n"));
    }
    for (name, part) in [("stdout", stdout), ("stderr", stderr)] {
        if !part.is_empty() {
            let newline = if part.ends_with('\n') { "" } else { "\n" };
            text.push_str(&format!("--- {name} ---\n{part}{newline}"));
        }
    }
    text.push_str(&format!("--- {end} ---\n"));
    text
}
