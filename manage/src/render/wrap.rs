//! A name and its description, wrapped to the width of a terminal.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthStr as _;

const INDENT: usize = 4;
/// A description narrower than this is printed below the name.
const MIN_WIDTH: usize = 24;

/// Formats one entry of a list: the name in a column of width `longest`, and the text wrapped beside or below
/// it.
pub(crate) fn entry(name: &str, text: &str, longest: usize, columns: usize) -> String {
    let beside = INDENT + longest + 2;
    let is_below = columns < beside + MIN_WIDTH;
    let margin = " ".repeat(if is_below { 2 * INDENT } else { beside });
    let name = format!("{:INDENT$}{name}", "");
    let gap = " ".repeat(beside.saturating_sub(name.width()));
    let first = if is_below { format!("{name}\n{margin}") } else { name + &gap };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Chinese or Japanese text has no spaces, so that it may break anywhere; a URL stays whole.
    let is_wide = text.width() > text.chars().count();
    let lines = textwrap::wrap(
        &text,
        Options::new(columns.saturating_sub(margin.len()).max(1))
            .break_words(is_wide)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit),
    );
    let entry = first + &lines.join(&format!("\n{margin}"));
    entry.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::entry;

    #[test]
    fn a_text_is_wrapped_beside_its_name() {
        assert_eq!(entry("add", "Add one", 6, 80), "    add     Add one\n");
        let wrapped = entry("add", "Add one thing to all the others that there are", 6, 40);
        assert_eq!(wrapped, "    add     Add one thing to all the\n            others that there are\n");
        assert!(wrapped.lines().all(|line| line.chars().count() <= 40), "{wrapped}");
    }

    #[test]
    fn a_narrow_terminal_has_it_below() {
        assert_eq!(entry("add", "Add one thing", 6, 20), "    add\n        Add one\n        thing\n");
        assert_eq!(entry("add", "", 6, 80), "    add\n", "no text, no blanks");
        assert_eq!(entry("add", "incomprehensible", 6, 5), "    add\n        incomprehensible\n");
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        let waits = entry("等待", "等待数据库准备就绪后再启动服务器并打印结果", 6, 36);
        assert_eq!(waits, "    等待    等待数据库准备就绪后再启\n            动服务器并打印结果\n");
        assert!(waits.lines().all(|line| line.width() <= 36), "{waits}");
    }

    #[test]
    fn a_long_word_stays_whole_and_no_line_ends_with_a_space() {
        let url = "https://example.org/a/very/long/path/that/does/not/fit";
        let text = entry("add", &format!("See {url}  and\nwork-arounds in other-places. "), 6, 40);
        assert_eq!(
            text,
            format!(
                "    add     See\n            {url}\n            and work-arounds in\n            other-places.\n"
            )
        );
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    }
}
