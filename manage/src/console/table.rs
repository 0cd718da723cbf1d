//! Tables.

use std::fmt::Display;

use comfy_table::{ContentArrangement, presets};

use super::{Role, Stream};
use crate::error::Result;

/// A table for output streams.
///
/// On a terminal, long cells are wrapped to its width. Elsewhere each row is one line, for `grep` and `cut`.
/// Escape sequences in cells are removed.
///
/// ```
/// use manage::console::Table;
///
/// let mut table = Table::new(["Slug", "Words"]);
/// table.row(["hello-world", "120"]);
/// assert_eq!(table.to_string(), "Slug         Words\nhello-world  120\n");
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table with these columns.
    pub fn new(header: impl IntoIterator<Item = impl Display>) -> Self {
        Self { header: header.into_iter().map(|cell| cell.to_string()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Display>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    /// Writes it to a stream, the header in the NOTICE style.
    pub fn print(&self, out: &Stream) -> Result<()> {
        let width = out.is_terminal().then(terminal_width).flatten();
        let text = self.render(width);
        let (header, rows) = text.split_once('\n').unwrap_or((&text, ""));
        out.styled_line(Role::Notice, header)?;
        if !rows.is_empty() {
            out.line(rows)?;
        }
        Ok(())
    }

    fn render(&self, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| {
                // Escape sequences would count as characters and be truncated; a tab has no fixed width.
                let cell = console::strip_ansi_codes(cell)
                    .replace("\r\n", "\n")
                    .replace('\r', "\n")
                    .replace('\t', " ");
                // A line break would split a row.
                if width.is_some() { cell } else { cell.replace('\n', " ") }
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(None))
    }
}

fn terminal_width() -> Option<u16> {
    let (_, width) = console::Term::stdout().size_checked()?;
    Some(width)
}
