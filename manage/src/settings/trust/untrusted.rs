//! The error about a settings file that others can write, and how to fix it.

use std::path::{Path, PathBuf};

use super::accounts::user_name;
use crate::settings::{Environment, SAFE_DIRECTORY, SettingsError};

/// A path that untrusted users can write to, and why.
pub(super) struct Problem {
    pub(super) what: What,
    pub(super) path: PathBuf,
    pub(super) why: Why,
}

/// In the order in which they are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    File,
    Link,
    Directory,
}

pub(super) enum Why {
    /// It belongs to this other user.
    Owner(String),
    /// Everyone can write to it: the mode.
    Others(u32),
    /// Its group can write to it: the mode, and the group.
    Group(u32, u32),
    AccessList,
}

/// Returns the error for a file that is not read. It names the first problem; the hint covers all of them.
pub(super) fn error(path: &Path, mut problems: Vec<Problem>, environment: &Environment) -> SettingsError {
    problems.sort_by_key(|problem| problem.what);
    let shown = path.display();
    let why = problems.first().map(|problem| problem.text(path)).unwrap_or_default();
    let mut hint = fixes(&problems);
    if let Some(value) = safe_directories(&problems, environment) {
        hint.push(format!(
            "If you trust it as it is, set {SAFE_DIRECTORY}={} in the environment.",
            quoted(&value)
        ));
    }
    SettingsError::new(format!("{shown} is not read: {why}.")).hint(hint.join(" "))
}

/// Returns a sentence for each kind of fix. Owner changes are combined, so that their condition is stated
/// once.
fn fixes(problems: &[Problem]) -> Vec<String> {
    let (owners, others): (Vec<&Problem>, Vec<&Problem>) =
        problems.iter().partition(|problem| matches!(problem.why, Why::Owner(_)));
    let commands: Vec<String> = owners.into_iter().map(Problem::change_owner).collect();
    let mut fixes = Vec::new();
    if !commands.is_empty() {
        fixes.push(format!("If it is yours, run {} as root.", commands.join(" and ")));
    }
    fixes.extend(others.into_iter().map(Problem::fix));
    fixes.dedup();
    fixes
}

impl Problem {
    fn text(&self, found: &Path) -> String {
        let directory = found.parent().and_then(|parent| parent.canonicalize().ok());
        let shown = self.path.display();
        let is_its = match self.what {
            What::Directory => directory.as_deref() == Some(&*self.path),
            _ => self.path.parent() == directory.as_deref() && self.path.file_name() == found.file_name(),
        };
        let whose = match (self.what, is_its) {
            (What::Directory, true) => format!("its directory {shown}"),
            (What::Directory, false) => format!("the directory {shown}, to which it leads,"),
            (What::Link, true) => "the symbolic link".to_owned(),
            (What::Link, false) => format!("the symbolic link {shown}, to which it leads,"),
            (What::File, true) => "it".to_owned(),
            (What::File, false) => format!("{shown}, to which it leads,"),
        };
        match &self.why {
            Why::Owner(user) => format!("{whose} belongs to {user}"),
            Why::Others(mode) => format!("{whose} may be written by others (mode {mode:04o})"),
            Why::Group(mode, gid) => {
                format!("{whose} may be written by others in its group (mode {mode:04o}, gid {gid})")
            }
            Why::AccessList => format!("{whose} may be written by others, by its access control list"),
        }
    }

    /// Returns the command, in backticks, that makes this user the owner.
    fn change_owner(&self) -> String {
        let own = rustix::process::geteuid().as_raw();
        let own = user_name(own).unwrap_or_else(|| own.to_string());
        let link = if self.what == What::Link { "-h " } else { "" };
        format!("`chown {link}{own} {}`", quoted(&self.path.display().to_string()))
    }

    /// Returns how to remove the permission of other users.
    fn fix(&self) -> String {
        let path = quoted(&self.path.display().to_string());
        match &self.why {
            // A shared directory such as /tmp.
            Why::Others(mode) if mode & 0o1000 != 0 => {
                "Move the file to a directory that only you may write.".to_owned()
            }
            Why::AccessList => format!("Run `setfacl -b {path}`."),
            _ => format!("Run `chmod go-w {path}`."),
        }
    }
}

/// Returns the value of the variable with the directories of the problems added; `None` if one of them cannot
/// be in such a list.
fn safe_directories(problems: &[Problem], environment: &Environment) -> Option<String> {
    let mut directories: Vec<PathBuf> = environment
        .text(SAFE_DIRECTORY)
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    for problem in problems {
        let directory = match problem.what {
            What::Directory => &problem.path,
            _ => problem.path.parent()?,
        };
        if !directories.iter().any(|known| directory.starts_with(known)) {
            directories.push(directory.to_owned());
        }
    }
    std::env::join_paths(directories).ok()?.into_string().ok()
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_for_all_owners() {
        let owned = |what, path: &str| Problem { what, path: path.into(), why: Why::Owner("bob".to_owned()) };
        let directory = Problem { what: What::Directory, path: "/a".into(), why: Why::Others(0o777) };
        let fixes = fixes(&[owned(What::File, "/a/.env"), owned(What::Directory, "/a b"), directory]);
        assert_eq!(fixes.len(), 2, "{fixes:?}");
        assert!(fixes[0].starts_with("If it is yours, run `chown "), "{fixes:?}");
        assert!(
            fixes[0].contains(" /a/.env` and `chown ") && fixes[0].ends_with(" '/a b'` as root."),
            "{fixes:?}"
        );
        assert_eq!(fixes[1], "Run `chmod go-w /a`.");
    }
}
