//! Cargo's list of the files that a program was built from: a rule of a makefile, beside the program.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Returns the files of the list. Relative ones are relative to `base`.
pub(super) fn read(list: &Path, base: &Path) -> io::Result<Vec<PathBuf>> {
    let text = fs::read_to_string(list)?;
    Ok(text.lines().flat_map(sources).map(|file| base.join(file)).collect())
}

/// Returns the right side of `program: one two\ with\ spaces`.
fn sources(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&' ') => {
                words.last_mut().expect("one word").extend(characters.next())
            }
            ' ' => words.push(String::new()),
            other => words.last_mut().expect("one word").push(other),
        }
    }
    // The last word of the left side ends with the colon; a path may have others.
    let begin = words.iter().position(|word| word.ends_with(':')).map_or(words.len(), |at| at + 1);
    words.drain(..begin);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        assert_eq!(
            sources("/t/my\\ app: /a/lib.rs /a/with\\ space.rs /a/c:d.rs"),
            ["/a/lib.rs", "/a/with space.rs", "/a/c:d.rs"]
        );
        assert_eq!(sources("/t/app:"), [""; 0]);
        assert_eq!(sources(""), [""; 0]);
    }
}
