//! Values in COPY's text format.

use std::io::{self, Read};

/// Rows of values in COPY's text format, for
/// [`PostgresConnection::copy_in`](crate::database::PostgresConnection::copy_in).
///
/// Each row is a list of the columns' values, as PostgreSQL reads them; `None` is NULL. Values need no
/// escaping. Rows are taken from the iterator one by one while the data is sent.
///
/// ```
/// use std::io::Read;
/// use manage::database::CopyRows;
///
/// let tags = [("rust", Some("a\tlanguage")), ("sql", None)];
/// let rows = tags.iter().map(|(name, about)| [Some(name.to_string()), about.map(str::to_owned)]);
/// let mut text = String::new();
/// CopyRows::new(rows).read_to_string(&mut text)?;
/// assert_eq!(text, "rust\ta\\tlanguage\nsql\t\\N\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CopyRows<I> {
    rows: I,
    line: Vec<u8>,
    given: usize,
}

impl<I> CopyRows<I>
where
    I: Iterator,
    I::Item: IntoIterator<Item = Option<String>>,
{
    /// Creates the data from an iterator over rows.
    pub fn new(rows: impl IntoIterator<IntoIter = I>) -> Self {
        Self { rows: rows.into_iter(), line: Vec::new(), given: 0 }
    }

    fn write(&mut self, row: I::Item) {
        self.line.clear();
        self.given = 0;
        for (column, value) in row.into_iter().enumerate() {
            if column > 0 {
                self.line.push(b'\t');
            }
            let Some(value) = value else {
                self.line.extend(b"\\N");
                continue;
            };
            for byte in value.bytes() {
                match byte {
                    b'\\' => self.line.extend(b"\\\\"),
                    b'\t' => self.line.extend(b"\\t"),
                    b'\n' => self.line.extend(b"\\n"),
                    b'\r' => self.line.extend(b"\\r"),
                    byte => self.line.push(byte),
                }
            }
        }
        self.line.push(b'\n');
    }
}

impl<I> Read for CopyRows<I>
where
    I: Iterator,
    I::Item: IntoIterator<Item = Option<String>>,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut length = 0;
        while length < buffer.len() {
            if self.given == self.line.len() {
                let Some(row) = self.rows.next() else { break };
                self.write(row);
            }
            let rest = &self.line[self.given..];
            let now = rest.len().min(buffer.len() - length);
            buffer[length..length + now].copy_from_slice(&rest[..now]);
            self.given += now;
            length += now;
        }
        Ok(length)
    }
}
