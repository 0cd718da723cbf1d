//! Running a program as a person would, and looking at what it says.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::account::Account;
use crate::running::Running;
use crate::transcript::Transcript;
use crate::watched::watch;

/// What a program gets from the environment of the tests: what it needs to run at all, and nothing that
/// changes what it says. The last two are for programs that were built with coverage or with a shared Rust
/// library.
const KEPT: [&str; 8] =
    ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_DIR", "LLVM_PROFILE_FILE", "LD_LIBRARY_PATH"];

/// A program with its arguments and its environment.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    stdin: Option<String>,
    account: Account,
}

impl Program {
    /// Creates a run of the program at `path`, or of that name on PATH. Of the environment it sees only PATH,
    /// HOME, the locale and TMPDIR.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let kept = KEPT.iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
        Self {
            path: path.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: kept.collect(),
            folder: None,
            stdin: None,
            account: Account::oneself(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Takes an environment variable away, also PATH and its like.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.remove(name.as_ref());
        self
    }

    /// Chooses the directory that the program runs in.
    #[must_use]
    pub fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Sets what the program reads from stdin, which is empty otherwise.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Runs it as another account, which only root may do.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// Runs it to its end. When the deadline passes it is killed with all that it started, and the transcript
    /// says so.
    #[track_caller]
    pub fn run(self, deadline: Duration) -> Transcript {
        self.spawn().wait(deadline)
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let shown = self.shown();
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().envs(&self.environment);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that it can be killed with all that it started.
        command.process_group(0);
        self.account.apply(&mut command);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run `{shown}`: {error}"));
        watch(child.id());
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), self.stdin) {
            // On a thread: a program that does not read must not hold up the test.
            thread::spawn(move || pipe.write_all(text.as_bytes()));
        }
        Running::new(child, shown)
    }

    /// As a person would type it, with the program's bare name.
    fn shown(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let words = self.arguments.iter().map(|word| quoted(&word.to_string_lossy()));
        [name].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
