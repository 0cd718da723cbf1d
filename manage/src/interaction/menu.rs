//! A menu that is controlled with the arrow keys.

use std::io;

use console::{Key, Term, truncate_str};

use super::editor::END;

/// Displays the menu and returns the chosen item; `None` if CONTROL-D ends it.
pub(super) fn choose(
    term: &Term,
    question: &str,
    items: &[String],
    first: usize,
) -> io::Result<Option<usize>> {
    let mut chosen = first.min(items.len().saturating_sub(1));
    term.hide_cursor()?;
    let mut drawn = draw(term, question, items, chosen)?;
    let done = loop {
        match term.read_key()? {
            Key::Enter | Key::Char(' ') => break true,
            Key::Char(END) => break false,
            Key::ArrowUp | Key::BackTab | Key::Char('k') => chosen = (chosen + items.len() - 1) % items.len(),
            Key::ArrowDown | Key::Tab | Key::Char('j') => chosen = (chosen + 1) % items.len(),
            Key::Home => chosen = 0,
            Key::End => chosen = items.len() - 1,
            _ => continue,
        }
        term.clear_last_lines(drawn)?;
        drawn = draw(term, question, items, chosen)?;
    };
    term.show_cursor()?;
    if done {
        term.clear_last_lines(drawn)?;
        term.write_line(&format!("{question} {}", items[chosen]))?;
    }
    Ok(done.then_some(chosen))
}

/// Draws the prompt and as many items as fit, and returns the number of lines.
fn draw(term: &Term, question: &str, items: &[String], chosen: usize) -> io::Result<usize> {
    let (rows, columns) = term.size();
    let columns = usize::from(columns).max(4);
    let room = usize::from(rows).saturating_sub(2).max(1);
    let start = window(items.len(), room, chosen);
    term.write_line(&truncate_str(question, columns - 1, "…"))?;
    let shown = items.iter().enumerate().skip(start).take(room);
    for (number, item) in shown.clone() {
        let mark = if number == chosen { "> " } else { "  " };
        term.write_line(&format!("{mark}{}", truncate_str(item, columns - 3, "…")))?;
    }
    Ok(1 + shown.count())
}

/// Returns the first item to show, so that the selected one is visible.
fn window(count: usize, room: usize, chosen: usize) -> usize {
    chosen.saturating_sub(room / 2).min(count.saturating_sub(room))
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_chosen_item_is_shown() {
        for (count, room) in [(3, 10), (10, 3), (10, 10), (994, 22)] {
            for chosen in 0..count {
                let start = window(count, room, chosen);
                assert!(start <= chosen && chosen < start + room, "{count} {room} {chosen}");
                assert!(start + room <= count.max(room), "no empty rows");
            }
        }
    }
}
