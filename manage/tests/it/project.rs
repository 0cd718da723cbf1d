//! A project in a temporary directory, and command lines run in it.

use std::path::Path;

use manage::console::{Capture, Output};
use manage::settings::Environment;
use manage::{Exit, Program};

/// The variable that makes this test program the program `manage` of the app `it`.
pub(crate) const AS_PROGRAM: &str = "MANAGE_IT_AS_PROGRAM";

/// A directory with files and an environment of variables.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    program: Program,
}

/// What a command line left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Both texts and the exit code, for a failing assertion.
    pub(crate) fn all(&self) -> String {
        format!("{}--- stderr\n{}--- exit {}", self.out, self.err, self.exit.0)
    }
}

impl Project {
    /// An empty project whose program has the commands of this test program.
    pub(crate) fn new() -> Self {
        Self::with(Program::new(&["it"]))
    }

    pub(crate) fn with(program: Program) -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary directory"), variables: Vec::new(), program }
    }

    /// A project whose program knows the project's directory.
    pub(crate) fn of(program: impl FnOnce(&Path) -> Program) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let program = program(folder.path());
        Self { folder, variables: Vec::new(), program }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_in("", line)
    }

    /// Runs a command line of words that may be empty or hold spaces.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        let (out, err) = (Capture::new(), Capture::new());
        let environment = Environment::new(self.variables.clone(), self.folder());
        let exit = self.program.run(words, environment, Output::new(out.clone(), err.clone()));
        Ran { exit, out: out.text(), err: err.text() }
    }

    /// Runs a command line, whose words are separated by spaces, from a directory of the project.
    pub(crate) fn run_in(&self, folder: &str, line: &str) -> Ran {
        let (out, err) = (Capture::new(), Capture::new());
        let exit = self.run_into(folder, line, &out, &err);
        Ran { exit, out: out.text(), err: err.text() }
    }

    /// Runs a command line on another thread, and does something as soon as `line` shows up in its output.
    pub(crate) fn run_and_after(&self, command: &str, line: &str, then: impl FnOnce()) -> Ran {
        let (out, err) = (Capture::new(), Capture::new());
        let exit = std::thread::scope(|scope| {
            let running = scope.spawn(|| self.run_into("", command, &out, &err));
            let seen = || out.text().contains(line) || running.is_finished();
            manage_test_support::wait_until(crate::backends::LONG, line, seen);
            then();
            running.join().expect("no panic")
        });
        Ran { exit, out: out.text(), err: err.text() }
    }

    fn run_into(&self, folder: &str, line: &str, out: &Capture, err: &Capture) -> Exit {
        let environment = Environment::new(self.variables.clone(), self.folder().join(folder));
        self.program.run(line.split_whitespace(), environment, Output::new(out.clone(), err.clone()))
    }
}
