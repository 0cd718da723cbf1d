//! A directory with projects, and the programs that are run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manage_test_support::{Program, Transcript};

/// A cold build of the framework and of a program.
const BUILD: Duration = Duration::from_secs(1200);

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
        with_cargo(program.cwd(self.path(directory)))
    }

    /// Runs cargo itself in a directory.
    #[track_caller]
    pub(crate) fn cargo(&self, directory: &str, words: &[&str]) -> Transcript {
        with_cargo(Program::new(env!("CARGO")).args(words).cwd(self.path(directory))).run(BUILD)
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
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, self.path(directory).join("Cargo.lock")).expect("a copy");
    }
}

/// Returns the directory of this checkout.
pub(crate) fn checkout() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    path.canonicalize().expect("a path").to_str().expect("UTF-8").to_owned()
}

/// For one build at a time: projects share what cargo has built, and each has a program `manage` there.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a program cargo, its toolchain and its registry, without the network.
fn with_cargo(program: Program) -> Program {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    let mut program = program
        .env("CARGO", env!("CARGO"))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TERM_COLOR", "never");
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "CARGO_HOME" || text == "CARGO_INCREMENTAL" || text.starts_with("RUSTUP_") {
            program = program.env(&name, value);
        }
    }
    program
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
