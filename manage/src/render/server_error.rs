//! Formats a server's error about a statement as `psql` shows it.

use unicode_width::UnicodeWidthStr;

use crate::console::printable;
use crate::database::ServerError;

/// How much of a long line is shown on each side of the error.
const BEFORE: usize = 50;
const AFTER: usize = 30;

/// Returns the lines below an error's message: the statement's line with a caret, the fields, the names and
/// the code. `is_placed` means that the line is already shown.
pub(crate) fn lines(error: &ServerError, is_placed: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let internal = error.is_internal().then(|| error.statement()).flatten();
    if !is_placed {
        lines.extend(caret(error).into_iter().flatten());
    }
    for (name, text) in [
        ("DETAIL", error.detail()),
        ("HINT", error.hint()),
        ("QUERY", internal),
        ("CONTEXT", error.context()),
    ] {
        if let Some(text) = text {
            let mut texts = text.lines().map(|line| printable(line).into_owned());
            lines.push(format!("{name}: {}", texts.next().unwrap_or_default()));
            lines.extend(texts.map(|line| format!("    {line}")));
        }
    }
    for (kind, name) in error.names() {
        // Most messages name them, and the default schema is not interesting.
        if name != "public"
            && ![Some(error.message()), error.detail()].into_iter().flatten().any(|text| text.contains(name))
        {
            lines.push(format!("{}: {}", kind.to_uppercase(), printable(name)));
        }
    }
    match (error.number(), error.sqlstate()) {
        (Some(number), Some(state)) => lines.push(format!("ERROR NUMBER: {number} ({state})")),
        (Some(number), None) => lines.push(format!("ERROR NUMBER: {number}")),
        (None, Some(state)) => lines.push(format!("SQLSTATE: {state}")),
        (None, None) => lines.extend(error.code().map(|code| format!("RESULT CODE: {code}"))),
    }
    lines
}

/// Returns `LINE 2: …` and a caret below the position.
fn caret(error: &ServerError) -> Option<[String; 2]> {
    let line = error.line()?;
    let text: Vec<char> = line.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let begin = line.column.saturating_sub(BEFORE).min(text.len());
    let end = (line.column + AFTER).min(text.len());
    let cut = |is_cut: bool| if is_cut { "..." } else { "" };
    let head = format!("LINE {}: {}", line.number, cut(begin > 0));
    let shown: String = text[begin..end].iter().collect();
    let shown = printable(&shown);
    let before: String = text[begin..line.column.min(end)].iter().collect();
    // Some characters are two columns wide on a terminal.
    let padding = head.width() + printable(&before).width();
    Some([format!("{head}{shown}{}", cut(end < text.len())), format!("{}^", " ".repeat(padding))])
}
