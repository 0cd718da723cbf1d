//! Jekyll's directory of drafts.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The name of the directory, at any depth.
const DIRECTORY: &str = "_drafts";

/// Returns whether a file lies in a directory of drafts: by its path, or by its real path if directories
/// above it are links.
pub(super) fn is_among_drafts(path: &Path) -> bool {
    // `import_posts .` may run inside the directory.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(&path);
    has_drafts(&without_parents(directory))
        || directory.canonicalize().is_ok_and(|directory| has_drafts(&directory))
}

fn has_drafts(directory: &Path) -> bool {
    directory.components().any(|part| part.as_os_str().eq_ignore_ascii_case(OsStr::new(DIRECTORY)))
}

/// Resolves `..`: `_drafts/../_posts` is not a directory of drafts.
fn without_parents(directory: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in directory.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_path_tells() {
        for path in
            ["_drafts/a.md", "./_drafts/deep/er/a.md", "/blog/docs/_drafts/2020-01-01-a.md", "_Drafts/a.md"]
        {
            assert!(is_among_drafts(Path::new(path)), "{path}");
        }
        for path in
            ["_posts/a.md", "_drafts.md", "drafts/a.md", "_drafts_of_mine/a.md", "_drafts/../_posts/a.md"]
        {
            assert!(!is_among_drafts(Path::new(path)), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_hide_no_drafts() {
        let tree = tempfile::tempdir().expect("a directory");
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("blog/_drafts")).expect("a directory");
        fs::create_dir_all(at("shared")).expect("a directory");
        std::os::unix::fs::symlink(at("blog/_drafts"), at("blog/work")).expect("a link");
        std::os::unix::fs::symlink(at("shared"), at("blog/_drafts/shared")).expect("a link");
        assert!(is_among_drafts(&at("blog/work/a.md")));
        assert!(is_among_drafts(&at("blog/_drafts/shared/a.md")));
        assert!(!is_among_drafts(&at("shared/a.md")));
    }
}
