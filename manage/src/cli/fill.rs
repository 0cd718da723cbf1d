//! A name and a text beside it, wrapped to the width of a terminal.

const INDENT: usize = 4;
/// A text that is narrower than this is put below the name.
const NARROWEST: usize = 24;

/// The lines of one entry of a list: the name in a column of `longest`, and the text wrapped beside or below it.
pub(crate) fn entry(name: &str, text: &str, longest: usize, columns: usize) -> String {
    let beside = INDENT + longest + 2;
    let below = columns < beside + NARROWEST;
    let margin = if below { 2 * INDENT } else { beside };
    let mut lines = wrap(text, columns.saturating_sub(margin).max(1)).into_iter();
    let mut entry = format!("{:INDENT$}{name}", "");
    if !below && let Some(first) = lines.next() {
        entry.push_str(&" ".repeat(longest - name.chars().count() + 2));
        entry.push_str(&first);
    }
    for line in lines {
        entry.push('\n');
        entry.push_str(&" ".repeat(margin));
        entry.push_str(&line);
    }
    entry.push('\n');
    entry
}

/// A text in lines of at most so many characters; a longer word has a line of its own.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
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
}
