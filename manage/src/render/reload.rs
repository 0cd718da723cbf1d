//! What a reloading `runserver` says.
#![cfg(feature = "runserver")]

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::command::Context;
use crate::console::{Role, Stream, printable};
use crate::reload::{Event, Report};

/// How many changed files are named.
const NAMED: usize = 3;

/// Writes what a supervisor reports: what the user waits for to stdout, trouble and the compiler's messages
/// to stderr.
pub(crate) struct ReloadReport {
    out: Stream,
    err: Stream,
    /// Files below it are shown without it.
    directory: PathBuf,
    /// Whether the words about a lock were said of this build.
    has_waited: bool,
}

impl ReloadReport {
    pub(crate) fn new(cx: &Context) -> Self {
        let directory = cx.invocation.source.environment.folder();
        Self { out: cx.out().clone(), err: cx.err().clone(), directory, has_waited: false }
    }

    /// Writes one event.
    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Watching { keys: false } => drop(self.out.line("Watching for file changes.")),
            Event::Watching { keys: true } => {
                drop(self.out.line("Watching for file changes. Press r to build the program, q to quit."));
            }
            Event::Building(files) => {
                self.has_waited = false;
                let what = match files.is_empty() {
                    true => "Building the program.".to_owned(),
                    false => format!("{} changed: building the program.", self.names(files)),
                };
                self.say(Role::Notice, &what);
            }
            Event::Settings(files) => {
                self.say(Role::Notice, &format!("{} changed: restarting the program.", self.names(files)));
            }
            Event::Pages(files) => {
                self.say(Role::Notice, &format!("{} changed: reloading the pages.", self.names(files)));
            }
            Event::Cargo(Report::Line(line)) => drop(self.err.line(line)),
            Event::Cargo(Report::Diagnostic(text)) => drop(self.err.print(text)),
            Event::Cargo(Report::Waits) => {}
            Event::Waiting(holders) if !self.has_waited => {
                self.has_waited = true;
                let who = match holders.is_empty() {
                    true => "another cargo".to_owned(),
                    false => printable(&holders.join(", ")).into_owned(),
                };
                // What was typed in another terminal ends soon; an editor checks after each edit.
                let advice = match holders.iter().all(|holder| holder.ends_with(" run")) && !holders.is_empty() {
                    true => "",
                    false => {
                        " If it is an editor's, give it a directory of its own (rust-analyzer: cargo.targetDir = true)."
                    }
                };
                self.warn(&format!("The build waits for {who}.{advice}"));
            }
            Event::Waiting(_) => {}
            Event::BuiltOtherwise => self.warn(
                "Cargo would not build this program as it was built, so the next build compiles more. What `cargo \
                 run` was given by --config or by variables is not known: .cargo/config.toml is the place for it.",
            ),
            Event::Missing(what) => self.warn(&format!(
                "Each build compiles {}. Its build script names that in rerun-if-changed: name what exists, or \
                 the directory that will contain it.",
                printable(what)
            )),
            Event::BuildFailed { is_served } => {
                self.fail(&format!("The build failed. {}", left(*is_served)));
            }
            Event::Unchanged => self.say(Role::Notice, "The program is the same as before."),
            Event::Ready { after, build } => {
                let start = after.saturating_sub(*build);
                let how = match build.is_zero() {
                    true => String::new(),
                    false => format!(" (build {}, start {})", shown(*build), shown(start)),
                };
                self.say(Role::Success, &format!("The new program serves after {}{how}.", shown(*after)));
            }
            Event::FailedToStart { status, is_served } => self.fail(&format!(
                "The program ended before it was ready ({}). {}",
                ended(*status),
                left(*is_served)
            )),
            Event::CannotStart(error) => self.fail(&format!("Cannot start a program: {error}.")),
            Event::Died { status, restarts } => {
                let next = if *restarts { "Starting it again." } else { left(false) };
                self.fail(&format!("The program ended ({}). {next}", ended(*status)));
            }
            Event::Polling(why) => self.warn(&format!("Looking for changes twice a second: {why}.")),
        }
    }

    // A closed terminal is no reason to stop serving.
    fn say(&self, role: Role, text: &str) {
        let _ = self.out.styled_line(role, text);
    }

    fn warn(&self, text: &str) {
        let _ = self.err.styled_line(Role::Warning, format_args!("Warning: {text}"));
    }

    fn fail(&self, text: &str) {
        let _ = self.err.styled_line(Role::Error, format_args!("Error: {text}"));
    }

    fn names(&self, files: &[PathBuf]) -> String {
        let mut names: Vec<String> = files.iter().take(NAMED).map(|file| self.name(file)).collect();
        if files.len() > NAMED {
            names.push(format!("{} more", files.len() - NAMED));
        }
        let last = names.pop().unwrap_or_default();
        if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) }
    }

    fn name(&self, file: &Path) -> String {
        printable(file.strip_prefix(&self.directory).unwrap_or(file)).into_owned()
    }
}

fn left(is_served: bool) -> &'static str {
    if is_served { "The previous program goes on." } else { "Waiting for a change." }
}

fn shown(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    match (status.code(), signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
