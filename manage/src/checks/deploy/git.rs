//! Runs git to find out whether it tracks a file, without starting any program that the repository or a
//! variable configures.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Settings that disable the programs that a listing could start. Settings on the command line override the
/// repository's.
const OFF: [&str; 8] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.gitProxy=",
    "protocol.allow=never",
    "submodule.recurse=false",
    // A directory that resembles a bare repository would have its own settings.
    "safe.bareRepository=explicit",
];

/// Returns whether git tracks a file. Returns false without git, outside of a repository, or if git does not
/// trust the directory.
pub(super) fn is_tracked(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    if !folder.ancestors().any(|folder| folder.join(".git").exists()) {
        return false;
    }
    let Some(program) = program(std::env::var_os("PATH").as_deref()) else { return false };
    let mut git = Command::new(program);
    // A git hook, which may be the caller, sets variables for another repository; other variables name
    // programs and files.
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().to_ascii_uppercase().starts_with("GIT_") {
            git.env_remove(variable);
        }
    }
    // Nothing is fetched for a partial clone, and nothing is written.
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    git.args(["--no-pager", "--literal-pathspecs"]);
    for setting in OFF {
        git.args(["-c", setting]);
    }
    git.arg("-C").arg(folder).args(["ls-files", "--cached", "--error-unmatch", "--"]).arg(name);
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}

/// Returns the absolute path of git: an empty or relative entry of PATH could find a program in the project.
fn program(path: Option<&OsStr>) -> Option<PathBuf> {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path?)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(&name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_searched() {
        let found = |path: &str| program(Some(OsStr::new(path)));
        let folder = tempfile::tempdir().expect("a directory");
        let git = folder.path().join(format!("git{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&git, "").expect("a file");
        let whole = folder.path().to_str().expect("a text");
        assert_eq!(found(whole), Some(git));
        assert_eq!(found(""), None);
        assert_eq!(found("."), None);
        assert_eq!(program(None), None);
    }
}
