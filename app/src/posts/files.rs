//! The Markdown files that paths lead to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::Problem;

/// What paths lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// In the order of the paths, and sorted within a folder.
    pub(super) markdown: Vec<PathBuf>,
    /// Files in the folders that are no Markdown, and hidden ones.
    pub(super) others: Vec<PathBuf>,
    pub(super) problems: Vec<Problem>,
}

const NO_FILE: &str = "this is not a regular file";

/// Finds the Markdown files among these files and in these folders. A file that is named twice counts once.
pub(super) fn find(paths: &[PathBuf]) -> Files {
    let mut files = Files::default();
    for path in paths {
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => folder(path, &mut files),
            // To read a pipe could take forever.
            Ok(metadata) if !metadata.is_file() => files.problems.push(Problem::new(path, NO_FILE)),
            Ok(_) if is_markdown(path) => files.markdown.push(path.clone()),
            Ok(_) => {
                files
                    .problems
                    .push(Problem::new(path, "this is not Markdown: its name must end in .md or .markdown"));
            }
            Err(error) => files.problems.push(Problem::new(path, reason(&error))),
        }
    }
    let mut seen = BTreeSet::new();
    files.markdown.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    files
}

fn folder(path: &Path, files: &mut Files) {
    let before = (files.markdown.len(), files.problems.len());
    let mut entries = WalkDir::new(path).follow_links(true).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Err(error) => {
                let place = error.path().unwrap_or(path).to_owned();
                let reason = match error.io_error() {
                    Some(error) => reason(error),
                    None => "this link leads back to a directory above it".to_owned(),
                };
                files.problems.push(Problem::new(&place, reason));
            }
            Ok(entry) if is_hidden(&entry) => {
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
                files.others.push(entry.into_path());
            }
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if is_markdown(entry.path()) && !entry.file_type().is_file() => {
                files.problems.push(Problem::new(entry.path(), NO_FILE));
            }
            Ok(entry) if is_markdown(entry.path()) => files.markdown.push(entry.into_path()),
            Ok(entry) => files.others.push(entry.into_path()),
        }
    }
    if before == (files.markdown.len(), files.problems.len()) {
        files.problems.push(Problem::new(path, "there are no Markdown files in this directory"));
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("md") || end.eq_ignore_ascii_case("markdown"))
}

/// Returns what the operating system says, without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "you may not read this".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        folder
    }

    fn names(root: &Path, paths: &[PathBuf]) -> Vec<String> {
        paths.iter().map(|path| path.strip_prefix(root).unwrap_or(path).display().to_string()).collect()
    }

    #[test]
    fn folders_are_searched_and_sorted() {
        let tree = tree(&["b.md", "a.MARKDOWN", "sub/c.md", "sub/d.png", "notes.txt", ".git/e.md", "._f.md"]);
        let files = find(&[tree.path().to_owned()]);
        assert_eq!(names(tree.path(), &files.markdown), ["a.MARKDOWN", "b.md", "sub/c.md"]);
        assert_eq!(names(tree.path(), &files.others), ["._f.md", ".git", "notes.txt", "sub/d.png"]);
        assert_eq!(files.problems, []);
    }

    #[test]
    fn a_file_counts_once() {
        let tree = tree(&["b.md", "a.md"]);
        let files = find(&[tree.path().join("b.md"), tree.path().to_owned(), tree.path().join("./a.md")]);
        assert_eq!(names(tree.path(), &files.markdown), ["b.md", "a.md"]);
    }

    #[test]
    fn what_is_named_has_to_be_markdown() {
        let tree = tree(&["a.txt", "empty/x.png"]);
        let paths = ["a.txt", "missing.md", "empty"].map(|name| tree.path().join(name));
        let problems: Vec<String> = find(&paths).problems.iter().map(ToString::to_string).collect();
        assert!(problems[0].contains("a.txt: this is not Markdown"), "{problems:?}");
        assert!(problems[1].contains("missing.md: there is no such file"), "{problems:?}");
        assert!(problems[2].contains("empty: there are no Markdown files"), "{problems:?}");
        assert_eq!(problems.len(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_reported() {
        let tree = tree(&["b.md"]);
        let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("a.md")).expect("a socket");
        for path in [tree.path().to_owned(), tree.path().join("a.md")] {
            let problems = find(&[path]).problems;
            assert!(problems.len() == 1 && problems[0].to_string().ends_with(NO_FILE), "{problems:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_reported() {
        let tree = tree(&["a/b.md"]);
        std::os::unix::fs::symlink(tree.path(), tree.path().join("a/up")).expect("a link");
        let problems = find(&[tree.path().to_owned()]).problems;
        assert!(problems.len() == 1 && problems[0].to_string().contains("leads back"), "{problems:?}");
    }
}
