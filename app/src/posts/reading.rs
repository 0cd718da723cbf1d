//! Reads many files, and reports all of their problems.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use manage::console::printable;

use super::problem::Fault;
use super::{Post, Problem, files};

/// The largest file, in bytes. All posts are in memory before the first one is stored.
const LARGEST: u64 = 8 << 20;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The good ones.
    pub(crate) posts: Vec<Post>,
    /// Files in the folders that are no Markdown.
    pub(crate) others: Vec<PathBuf>,
    /// In the order of the files. Nothing is imported while there are any.
    pub(crate) problems: Vec<Problem>,
}

/// Reads every post among these files and in these folders.
pub(crate) fn read(paths: &[PathBuf]) -> Reading {
    let found = files::find(paths);
    let mut reading = Reading { others: found.others, problems: found.problems, posts: Vec::new() };
    for path in &found.markdown {
        let post = match bytes(path) {
            Ok(Some(bytes)) => Post::parse(path, &bytes),
            Ok(None) => Err(vec![format!("this is larger than {} MiB", LARGEST >> 20).into()]),
            Err(error) => Err(vec![files::reason(&error).into()]),
        };
        match post {
            Ok(post) => reading.posts.push(post),
            Err(mut faults) => {
                faults.sort_by_key(|fault| fault.line);
                reading.problems.extend(faults.into_iter().map(|fault| Problem::new(path, fault)));
            }
        }
    }
    reading.problems.extend(same_slugs(&reading.posts));
    reading
}

/// Returns the content of a file; nothing if it is too large, also where it says that it is empty, as in
/// `/proc`.
fn bytes(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST).then_some(bytes))
}

fn same_slugs(posts: &[Post]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &Post> = BTreeMap::new();
    let mut problems = Vec::new();
    for post in posts {
        if let Some(other) = first.get(post.slug.as_str()) {
            let reason = format!(
                "the slug “{}” is also that of {}: give one of the two another `slug:` in its front matter",
                post.slug,
                printable(&other.path)
            );
            problems.push(Problem::new(&post.path, Fault { line: post.slug_line, reason }));
        } else {
            first.insert(&post.slug, post);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("2020-04-11-one.md", "---\n---\n"),
            ("a.md", "---\nslug: one\n---\n"),
            ("b.md", "no front matter"),
            ("c.md", "---\ntitle: []\npublished: 3\n---\n"),
        ] {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let reading = read(&[folder.path().to_owned()]);
        let problems: Vec<String> = reading
            .problems
            .iter()
            .map(|problem| problem.to_string().replace(&*folder.path().to_string_lossy(), "posts"))
            .collect();
        assert_eq!(problems.len(), 4, "{problems:#?}");
        assert!(problems[0].starts_with("posts/b.md:1: there is no front matter"), "{problems:#?}");
        assert!(problems[1].starts_with("posts/c.md:2: `title`"), "{problems:#?}");
        assert!(problems[2].starts_with("posts/c.md:3: `published`"), "{problems:#?}");
        assert!(
            problems[3].starts_with("posts/a.md:2: the slug “one” is also that of posts/2020-04-11-one.md"),
            "{problems:#?}"
        );
    }
}
