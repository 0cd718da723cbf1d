//! What a database was like before its first test, and what brings it back to that.

use std::time::{Duration, Instant};

use super::texts::texts;
use crate::database::Connection;
use crate::error::Result;

/// The state of a database with migrations, before any test.
pub(super) struct Original {
    /// A text that differs if the schema differs.
    pub(super) schema: String,
    /// The tables that the migrations have filled.
    pub(super) filled: Vec<Filled>,
    /// What the next generated numbers are.
    pub(super) counters: Vec<Counter>,
    /// PostgreSQL: the statement that brings the rows and the sequences back.
    pub(super) emptying: String,
}

/// A table with rows of the migrations.
#[derive(PartialEq)]
pub(super) struct Filled {
    /// Its name, quoted for SQL.
    pub(super) table: String,
    /// A text that differs if the rows differ.
    pub(super) rows: String,
    /// PostgreSQL: the youngest transaction that wrote a row.
    pub(super) youngest: i64,
}

/// A sequence, or the `AUTO_INCREMENT` of a table.
#[derive(PartialEq)]
pub(super) struct Counter {
    /// Its name, quoted for SQL.
    pub(super) name: String,
    /// The SQL value or values to set.
    pub(super) value: String,
}

/// How many bytes a test may leave in a table that was empty. Beyond that a new database costs less.
pub(super) const MOST_BYTES: u64 = 1024 * 1024;

/// How often rows are deleted before it is clear that triggers write new ones.
pub(super) const ROUNDS: usize = 3;

/// Ends all other sessions in this database, and waits until they are gone. `others` selects their ids.
/// Returns whether they are.
pub(super) fn alone(
    session: &mut Connection,
    others: &str,
    mut end: impl FnMut(&mut Connection, &str),
) -> Result<bool> {
    const LIMIT: Duration = Duration::from_secs(30);
    let deadline = Instant::now() + LIMIT;
    let mut ended: Vec<String> = Vec::new();
    loop {
        let left = texts(session, others)?;
        if left.is_empty() {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        for id in left {
            if !ended.contains(&id) {
                end(session, &id);
                ended.push(id);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Joins queries that each return at most one row; the statement is `None` for no query.
pub(super) fn union(queries: impl IntoIterator<Item = String>) -> Option<String> {
    let queries: Vec<String> = queries.into_iter().collect();
    (!queries.is_empty()).then(|| queries.join(" UNION ALL "))
}
