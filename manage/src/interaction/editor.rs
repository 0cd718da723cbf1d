//! A single-line editor for a terminal.

use std::io;

use console::{Key, Term, measure_text_width};

/// CONTROL-D, which is also returned when the terminal's input has ended.
pub(super) const END: char = '\u{4}';

/// Prompts for a line and supports the usual editing keys; returns `None` if CONTROL-D ends it. The input is
/// visible only with `echo`.
pub(super) fn read_line(term: &Term, prompt: &str, echo: bool) -> io::Result<Option<String>> {
    let mut line = Line { prompt, text: Vec::new(), cursor: 0, row: 0 };
    term.write_str(prompt)?;
    let ended = loop {
        match term.read_key()? {
            Key::Enter => break false,
            Key::Char(END) => break true,
            key => line.edit(key),
        }
        if echo {
            line.draw(term)?;
        }
    };
    if echo {
        line.cursor = line.text.len();
        line.draw(term)?;
    }
    term.write_str("\n")?;
    Ok((!ended).then(|| line.text.into_iter().collect()))
}

struct Line<'a> {
    prompt: &'a str,
    text: Vec<char>,
    /// The index of the character at the cursor.
    cursor: usize,
    /// The row of the cursor, relative to the prompt's.
    row: usize,
}

impl Line<'_> {
    fn edit(&mut self, key: Key) {
        match key {
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            Key::Del if self.cursor < self.text.len() => drop(self.text.remove(self.cursor)),
            // CONTROL-U and CONTROL-W, as in a shell.
            Key::Char('\u{15}') => self.remove_back_to(0),
            Key::Char('\u{17}') => self.remove_back_to(self.start_of_word()),
            Key::Char(c) if !c.is_control() => {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
            _ => {}
        }
    }

    fn remove_back_to(&mut self, start: usize) {
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }

    fn start_of_word(&self) -> usize {
        let before = &self.text[..self.cursor];
        let end = before.iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |space| space + 1)
    }

    fn draw(&mut self, term: &Term) -> io::Result<()> {
        let width = usize::from(term.size().1).max(1);
        term.move_cursor_up(self.row)?;
        term.write_str("\r")?;
        term.clear_to_end_of_screen()?;
        let text: String = self.text.iter().collect();
        term.write_str(&format!("{}{text}", self.prompt))?;
        let end = place(self.prompt.chars().chain(self.text.iter().copied()), width);
        if end.column == 0 && end.row > 0 {
            // After the last column, a terminal moves to the next row only with the next character.
            term.write_str("\r\n")?;
        }
        let cursor = place(self.prompt.chars().chain(self.text[..self.cursor].iter().copied()), width);
        term.move_cursor_up(end.row - cursor.row)?;
        term.write_str("\r")?;
        term.move_cursor_right(cursor.column)?;
        self.row = cursor.row;
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

/// Returns the position of the cursor after a text that a terminal wraps at this width.
fn place(text: impl Iterator<Item = char>, width: usize) -> Place {
    let mut place = Place { row: 0, column: 0 };
    for c in text {
        let columns = measure_text_width(c.encode_utf8(&mut [0; 4]));
        // A character that is two columns wide does not fit into the last column.
        if place.column + columns > width {
            place = Place { row: place.row + 1, column: 0 };
        }
        place.column += columns;
        if place.column == width {
            place = Place { row: place.row + 1, column: 0 };
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: impl IntoIterator<Item = Key>) -> String {
        let mut line = Line { prompt: "", text: Vec::new(), cursor: 0, row: 0 };
        keys.into_iter().for_each(|key| line.edit(key));
        let mut text: Vec<char> = line.text;
        text.insert(line.cursor, '|');
        text.into_iter().collect()
    }

    fn text(text: &str) -> impl Iterator<Item = Key> {
        text.chars().map(Key::Char)
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(typed(text("pe").chain([Key::ArrowLeft]).chain(text("ä국"))), "pä국|e");
        assert_eq!(typed(text("pea").chain([Key::Home, Key::Del, Key::ArrowLeft, Key::Backspace])), "|ea");
        assert_eq!(typed(text("pea").chain([Key::ArrowLeft, Key::Backspace, Key::End, Key::Del])), "pa|");
        assert_eq!(typed(text("hot pea soup  \u{17}")), "hot pea |");
        assert_eq!(typed(text("soup\u{17}\u{17}")), "|");
        assert_eq!(typed(text("hot soup").chain([Key::ArrowLeft]).chain(text("\u{15}"))), "|p");
        assert_eq!(typed(text("a\u{1}\u{7f}\t").chain([Key::Escape, Key::PageUp])), "a|");
    }

    #[test]
    fn a_cursor_is_where_a_terminal_wraps() {
        let place = |text: &str, width| place(text.chars(), width);
        assert_eq!(place("abc", 4), Place { row: 0, column: 3 });
        assert_eq!(place("abcd", 4), Place { row: 1, column: 0 });
        assert_eq!(place("abcde", 4), Place { row: 1, column: 1 });
        assert_eq!(place("abc국", 4), Place { row: 1, column: 2 });
        assert_eq!(place("국국", 4), Place { row: 1, column: 0 });
    }
}
