//! A directory with projects, and the programs that are run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use manage_test_support::{BUILD, Program, Transcript, cargo, lock, with_cargo, workspace};

/// A directory of its own.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// The same with files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    /// Returns a path without links, as cargo prints it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("a path").join(name)
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns the names and texts of all files.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        collect(self.0.path(), "", &mut files);
        files
    }

    /// Runs `cargo manage` in a directory.
    #[track_caller]
    pub(crate) fn run(&self, directory: &str, words: &[&str]) -> Transcript {
        self.program(directory, words).run(BUILD)
    }

    /// Returns `cargo manage`, to be run in a directory.
    pub(crate) fn program(&self, directory: &str, words: &[&str]) -> Program {
        let program = Program::new(env!("CARGO_BIN_EXE_cargo-manage")).arg("manage").args(words);
        with_cargo(program.cwd(self.path(directory))).env("CARGO_NET_OFFLINE", "true")
    }

    /// Runs cargo itself in a directory.
    #[track_caller]
    pub(crate) fn cargo(&self, directory: &str, words: &[&str]) -> Transcript {
        cargo(&self.path(directory), words).env("CARGO_NET_OFFLINE", "true").run(BUILD)
    }

    /// Starts a project that depends on this checkout, with the versions that the workspace has.
    #[track_caller]
    pub(crate) fn start(&self, name: &str, options: &[&str]) -> Transcript {
        let checkout = checkout();
        let words = [&["new", name, "--path", &checkout], options].concat();
        let created = self.run("", &words).expect_success();
        self.lock(name);
        created
    }

    /// Gives a project the versions that the workspace has.
    pub(crate) fn lock(&self, directory: &str) {
        lock(&self.path(directory));
    }
}

/// Returns the directory of this checkout.
pub(crate) fn checkout() -> String {
    workspace().canonicalize().expect("a path").to_str().expect("UTF-8").to_owned()
}

fn collect(directory: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        match path.is_dir() {
            true => collect(&path, &format!("{name}/"), files),
            false => {
                let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                files.insert(name, text.unwrap_or_else(|error| error.to_string()));
            }
        }
    }
}
