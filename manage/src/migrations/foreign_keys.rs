//! SQLite's foreign keys during a migration. They are off, as a table that is rebuilt is dropped for a moment, and then
//! the rows that refer to it would go, too; so afterwards somebody has to look whether each reference still holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::script::Statement;
use crate::database::Connection;

/// The references that do not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Violations {
    /// How many rows, and one of them, by table and the table that it refers to.
    rows: BTreeMap<(String, String), (i64, Option<i64>)>,
    /// The tables whose foreign keys cannot be looked at, and why.
    broken: BTreeSet<(String, String)>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Violation {
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    example: Option<i64>,
}

impl Violations {
    /// Looks at every row that refers to another one.
    pub(super) fn read(connection: &mut Connection) -> QueryResult<Self> {
        let mut violations = Self::default();
        let tables: Vec<Name> = diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND EXISTS (SELECT * FROM pragma_foreign_key_list(name))",
        )
        .load(connection)?;
        for Name { name } in tables {
            let query = diesel::sql_query(
                "SELECT parent, COUNT(*) AS count, MIN(\"rowid\") AS example FROM pragma_foreign_key_check(?) GROUP BY parent",
            );
            match query.bind::<Text, _>(&name).load::<Violation>(connection) {
                Ok(rows) => violations.rows.extend(
                    rows.into_iter().map(|row| ((name.clone(), row.parent), (row.count, row.example))),
                ),
                // The key's columns are not unique in the other table, for one.
                Err(error) => drop(violations.broken.insert((name, error.to_string()))),
            }
        }
        Ok(violations)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.broken.is_empty()
    }

    /// Those that are new since then.
    pub(super) fn since(&self, before: &Self) -> Self {
        let is_new =
            |key: &(String, String), count: i64| before.rows.get(key).is_none_or(|(was, _)| count > *was);
        Self {
            rows: self
                .rows
                .iter()
                .filter(|(key, (count, _))| is_new(key, *count))
                .map(|(k, v)| (k.clone(), *v))
                .collect(),
            broken: self.broken.difference(&before.broken).cloned().collect(),
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows.iter().map(|((table, parent), (count, example))| {
            let rows = if *count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            let example = match (example, count) {
                (Some(id), 1) => format!(" (rowid {id})"),
                (Some(id), _) => format!(" (rowid {id}, for example)"),
                (None, _) => String::new(),
            };
            format!("{rows} of {table}{example} without the row of {parent} that it refers to")
        });
        let broken = self
            .broken
            .iter()
            .map(|(table, why)| format!("the foreign keys of {table} cannot be checked: {why}"));
        f.write_str(&rows.chain(broken).collect::<Vec<_>>().join("; "))
    }
}

/// Whether a file itself turns the keys on or off before it does anything else: in a transaction SQLite passes over it.
pub(super) fn chosen<'a>(statements: impl Iterator<Item = Statement<'a>>) -> Option<bool> {
    statements
        .map(|statement| statement.words(usize::MAX))
        .take_while(|words| words.first().is_some_and(|word| word == "PRAGMA"))
        .filter_map(|words| match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["PRAGMA", "FOREIGN_KEYS", value] => Some(matches!(*value, "ON" | "TRUE" | "YES" | "1")),
            _ => None,
        })
        .last()
}
