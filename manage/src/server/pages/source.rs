//! The source lines around a place.

use std::io::Read as _;

use maud::{Markup, html};

use super::facts::Project;
use crate::console::printable;

/// The number of lines on each side.
const AROUND: usize = 6;

/// The size limit of a source file.
const LIMIT: u64 = 1024 * 1024;

/// Some lines of a source file.
pub(super) struct Excerpt {
    /// The number of the first line, counted from 1.
    first: usize,
    /// The number of the line in question.
    here: usize,
    lines: Vec<String>,
}

impl Excerpt {
    /// Reads the lines around `FILE:LINE` or `FILE:LINE:COLUMN`; `None` if the file is not there or is not
    /// Rust.
    pub(super) fn read(project: &Project, place: &str) -> Option<Self> {
        let (file, line) = split(place)?;
        if !file.ends_with(".rs") {
            return None;
        }
        let file = std::fs::File::open(project.source_file(file)?).ok()?;
        let mut text = String::new();
        file.take(LIMIT).read_to_string(&mut text).ok()?;
        Self::of(&text, line)
    }

    fn of(text: &str, here: usize) -> Option<Self> {
        let first = here.saturating_sub(AROUND).max(1);
        let lines: Vec<String> = text
            .lines()
            .skip(first - 1)
            .take(here + AROUND + 1 - first)
            .map(|line| line.replace('\t', "    "))
            .collect();
        (here >= first && here - first < lines.len()).then_some(Self { first, here, lines })
    }

    pub(super) fn html(&self) -> Markup {
        html! {
            pre.source tabindex="0" role="region" aria-label="Source code" {
                span.lines {
                    @for (index, line) in self.lines.iter().enumerate() {
                        @let number = self.first + index;
                        @let text = html! { span.number { (format!("{number:>5}")) } " " (printable(line)) };
                        @if number == self.here { mark.line { (text) } } @else { span.line { (text) } }
                    }
                }
            }
        }
    }
}

/// Splits `FILE:LINE:COLUMN` and `FILE:LINE`.
fn split(place: &str) -> Option<(&str, usize)> {
    let (rest, last) = place.rsplit_once(':')?;
    match rest.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some(found) => Some(found),
        None => Some((rest, last.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_split() {
        assert_eq!(split("app/src/views.rs:12:5"), Some(("app/src/views.rs", 12)));
        assert_eq!(split("app/src/views.rs:12"), Some(("app/src/views.rs", 12)));
        assert_eq!(split("C:\\app\\views.rs:12:5"), Some(("C:\\app\\views.rs", 12)));
        assert_eq!(split("nowhere"), None);
    }

    #[test]
    fn an_excerpt_ends_with_the_file() {
        let text = (1..=20).map(|number| format!("line {number}\n")).collect::<String>();
        let range = |here| Excerpt::of(&text, here).map(|found| (found.first, found.lines.len()));
        assert_eq!(range(10), Some((4, 13)));
        assert_eq!(range(1), Some((1, 7)));
        assert_eq!(range(20), Some((14, 7)));
        assert_eq!(range(21), None);
        assert_eq!(range(0), None);
    }
}
