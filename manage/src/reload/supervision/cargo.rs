//! Runs `cargo build`, and understands what it reports.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use super::Report;
use super::origin::Selection;

/// How long cargo may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Built {
        executable: PathBuf,
    },
    /// The messages, as they were reported.
    Failed(String),
    Cancelled,
}

/// A build that runs.
pub(super) struct Building {
    group: Option<Pid>,
    is_cancelled: Arc<AtomicBool>,
    has_ended: Arc<AtomicBool>,
}

impl Building {
    /// Starts cargo. `done` is called once, on another thread.
    pub(super) fn start(
        cargo: &Path,
        selection: &Selection,
        color: bool,
        report: impl Fn(Report) + Clone + Send + 'static,
        done: impl FnOnce(Outcome) + Send + 'static,
    ) -> io::Result<Self> {
        let format = if color { "json-diagnostic-rendered-ansi" } else { "json" };
        let mut command = Command::new(cargo);
        command
            .current_dir(&selection.directory)
            .args(&selection.arguments)
            .arg(format!("--message-format={format}"))
            .args(["--color", if color { "always" } else { "never" }])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal of the terminal is for the supervisor.
            .process_group(0);
        // What `cargo run` has set for the program is not part of the build: build scripts that depend on it
        // would run again, and dependencies would be compiled again.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name == "OUT_DIR" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&*name);
            }
        }
        let mut process = command.spawn()?;
        let (is_cancelled, has_ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let building = Self {
            group: i32::try_from(process.id()).ok().and_then(Pid::from_raw),
            is_cancelled: Arc::clone(&is_cancelled),
            has_ended: Arc::clone(&has_ended),
        };
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let lines = thread::spawn({
            let report = report.clone();
            move || stderr.map(|stderr| read_lines(stderr, &report)).unwrap_or_default()
        });
        thread::spawn(move || {
            let messages = stdout.map(|stdout| read_messages(stdout, &report)).unwrap_or_default();
            let lines = lines.join().unwrap_or_default();
            let succeeded = process.wait().is_ok_and(|status| status.success());
            has_ended.store(true, Ordering::SeqCst);
            done(match messages.executable {
                _ if is_cancelled.load(Ordering::SeqCst) => Outcome::Cancelled,
                Some(executable) if succeeded => Outcome::Built { executable },
                _ => Outcome::Failed(messages.texts + &lines),
            });
        });
        Ok(building)
    }

    /// Ends cargo and what it has started. The outcome is then [`Outcome::Cancelled`].
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
        self.signal(Signal::TERM);
        let (group, has_ended) = (self.group, Arc::clone(&self.has_ended));
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            Self { group, is_cancelled: Arc::default(), has_ended }.signal(Signal::KILL);
        });
    }

    fn signal(&self, signal: Signal) {
        // Later the number may be that of another group.
        if let (Some(group), false) = (self.group, self.has_ended.load(Ordering::SeqCst)) {
            let _ = kill_process_group(group, signal);
        }
    }
}

/// Reads cargo's own words, and returns those about errors.
fn read_lines(stderr: impl io::Read, report: &impl Fn(Report)) -> String {
    let mut errors = String::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let plain = without_colors(&line);
        // That of the downloaded packages is held for moments alone.
        if plain.trim_start().starts_with("Blocking waiting for file lock on build directory") {
            report(Report::Waits);
        }
        // Cargo's progress is indented, its errors are not.
        if !is_progress(&plain) {
            errors.push_str(&line);
            errors.push('\n');
        }
        report(Report::Line(line));
    }
    errors
}

/// Returns whether a line is one of `Compiling`, `Finished` and the like, which cargo aligns at column 12.
fn is_progress(plain: &str) -> bool {
    let word = plain.trim_start();
    let length = word.find(' ').unwrap_or(word.len());
    plain.len() - word.len() + length == 12 && word.starts_with(|first: char| first.is_ascii_uppercase())
}

#[derive(Default)]
struct Messages {
    texts: String,
    executable: Option<PathBuf>,
}

/// What is used of a line of cargo's JSON.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Said { message: Rendered },
    #[serde(rename = "compiler-artifact")]
    Made { executable: Option<PathBuf> },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Rendered {
    rendered: Option<String>,
    level: String,
}

fn read_messages(stdout: impl io::Read, report: &impl Fn(Report)) -> Messages {
    let mut messages = Messages::default();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Message::Said { message }) => {
                let Some(text) = message.rendered else { continue };
                if message.level.starts_with("error") {
                    messages.texts.push_str(&text);
                }
                report(Report::Diagnostic(text));
            }
            Ok(Message::Made { executable }) => {
                messages.executable = executable.or(messages.executable);
            }
            // Build scripts and procedural macros may print what they like.
            Ok(Message::Other) | Err(_) => {}
        }
    }
    messages
}

/// Returns a text without the escape sequences of colours.
pub(super) fn without_colors(text: &str) -> String {
    console::strip_ansi_codes(text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn errors_and_the_program_are_found() {
        let lines = [
            r#"{"reason":"compiler-artifact","executable":null,"features":[]}"#,
            "printed by a macro",
            r#"{"reason":"compiler-message","message":{"rendered":"warning: unused\n","level":"warning"}}"#,
            r#"{"reason":"compiler-message","message":{"rendered":"error[E0425]: no\n","level":"error"}}"#,
            r#"{"reason":"compiler-artifact","executable":"/t/debug/manage","fresh":true}"#,
            r#"{"reason":"build-finished","success":false}"#,
        ];
        let reports = RefCell::new(Vec::new());
        let messages =
            read_messages(lines.join("\n").as_bytes(), &|report| reports.borrow_mut().push(report));
        assert_eq!(messages.texts, "error[E0425]: no\n");
        assert_eq!(messages.executable, Some("/t/debug/manage".into()));
        assert_eq!(
            reports.into_inner(),
            [
                Report::Diagnostic("warning: unused\n".to_owned()),
                Report::Diagnostic("error[E0425]: no\n".to_owned())
            ]
        );
    }

    #[test]
    fn words_about_errors_are_kept() {
        let lines = "   Compiling app v0.1.0 (/app)\n    Blocking waiting for file lock on build directory\n\
                     error: failed to parse manifest at `/app/Cargo.toml`\n\nCaused by:\n  missing field\n\
                     \u{1b}[1m\u{1b}[32m    Finished\u{1b}[0m `dev` profile\n";
        let reports = RefCell::new(Vec::new());
        let errors = read_lines(lines.as_bytes(), &|report| reports.borrow_mut().push(report));
        assert_eq!(
            errors,
            "error: failed to parse manifest at `/app/Cargo.toml`\n\nCaused by:\n  missing field\n"
        );
        assert!(reports.borrow().contains(&Report::Waits));
        assert_eq!(reports.borrow().len(), 8);
    }

    #[test]
    fn colors_and_links_go() {
        assert_eq!(without_colors("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: x"), "error: x");
        assert_eq!(without_colors("\u{1b}]8;;https://a.b\u{1b}\\E0425\u{1b}]8;;\u{1b}\\"), "E0425");
    }
}
