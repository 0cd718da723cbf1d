//! Where the servers' programs are.

use std::env;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why there is no server to test with.
#[derive(Clone, Debug)]
pub enum Unavailable {
    /// A program is not installed. Tests that need it are skipped, loudly.
    NotInstalled {
        /// The program that was looked for.
        program: String,
        /// How to install it.
        install: String,
    },
    /// It is installed and does not work. Tests that need it fail.
    Broken {
        /// What happened, with the end of the server's log.
        why: String,
    },
}

impl Unavailable {
    pub(crate) fn broken(why: impl fmt::Display) -> Self {
        Self::Broken { why: why.to_string() }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { program, install } => {
                write!(
                    f,
                    "`{program}` was found neither on PATH nor where packages put it. To install it: {install}"
                )
            }
            Self::Broken { why } => f.write_str(why),
        }
    }
}

impl std::error::Error for Unavailable {}

/// The environment variable that names the directory of another PostgreSQL's programs than those that are
/// found.
pub const POSTGRES_BIN: &str = "MANAGE_TEST_POSTGRES_BIN";

/// Returns a program on PATH, or in the directories where distributions and Homebrew put servers.
pub(crate) fn find(program: &str, install: &str) -> Result<PathBuf, Unavailable> {
    if let Some(directory) = env::var_os(POSTGRES_BIN).map(PathBuf::from)
        && matches!(program, "postgres" | "initdb" | "psql")
    {
        // No other version will do: the tests would report on one that they did not run on.
        let why = format!("{POSTGRES_BIN}: there is no program `{program}` in {}", directory.display());
        return search([directory], program).ok_or(Unavailable::Broken { why });
    }
    on_path(program)
        .or_else(|| search(folders(), program))
        .ok_or_else(|| Unavailable::NotInstalled { program: program.to_owned(), install: install.to_owned() })
}

/// Returns a program on PATH, as a shell would find it.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    search(env::split_paths(&env::var_os("PATH")?), program)
}

fn search(folders: impl IntoIterator<Item = PathBuf>, program: &str) -> Option<PathBuf> {
    folders.into_iter().map(|folder| folder.join(program)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn folders() -> Vec<PathBuf> {
    let mut folders = versions("/usr/lib/postgresql", "");
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(versions(homebrew, "postgresql"));
        folders.extend(versions(homebrew, "mariadb"));
    }
    folders
}

/// Returns the `bin` of each directory in `parent` that begins with `prefix`, the newest version first.
fn versions(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches('@');
            // Homebrew's unversioned link is the newest.
            let version = version.split('.').next()?.parse().unwrap_or(u32::MAX);
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}
