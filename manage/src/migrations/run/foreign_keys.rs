//! SQLite's foreign keys during a migration. They are off, because rebuilding a table drops it temporarily,
//! which would also delete the rows that refer to it. So all references are checked afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::database::Connection;
use crate::migrations::script::Statement;

/// The broken references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Violations {
    /// By table and the table that it refers to.
    rows: BTreeMap<(String, String), Rows>,
    /// The tables whose foreign keys cannot be checked, and why.
    broken: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
struct Rows {
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    /// The `rowid` of one of the rows, unless the table has none.
    #[diesel(sql_type = Nullable<BigInt>)]
    example: Option<i64>,
    /// Whether a table with the parent's name exists.
    #[diesel(sql_type = BigInt)]
    parents: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Violations {
    /// Checks every row that refers to another one.
    pub(super) fn read(connection: &mut Connection) -> QueryResult<Self> {
        let mut violations = Self::default();
        let tables: Vec<Name> = diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND EXISTS (SELECT * FROM pragma_foreign_key_list(name))",
        )
        .load(connection)?;
        for Name { name } in tables {
            let query = diesel::sql_query(
                "SELECT parent, COUNT(*) AS count, MIN(\"rowid\") AS example, \
                 (SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = parent COLLATE NOCASE) AS parents \
                 FROM pragma_foreign_key_check(?) GROUP BY parent",
            );
            match query.bind::<Text, _>(&name).load::<Rows>(connection) {
                Ok(rows) => {
                    violations
                        .rows
                        .extend(rows.into_iter().map(|row| ((name.clone(), row.parent.clone()), row)));
                }
                // For example, the referenced columns are not unique in the other table.
                Err(error) => drop(violations.broken.insert((name, error.to_string()))),
            }
        }
        Ok(violations)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.broken.is_empty()
    }

    /// Returns the violations that are not in `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let is_new = |(key, rows): &(&(String, String), &Rows)| {
            before.rows.get(*key).is_none_or(|before| rows.count > before.count)
        };
        Self {
            rows: self.rows.iter().filter(is_new).map(|(key, rows)| (key.clone(), rows.clone())).collect(),
            broken: self.broken.difference(&before.broken).cloned().collect(),
        }
    }

    /// Returns how the author can fix them. `renames` is whether the migration renames a table.
    pub(super) fn remedy(&self, renames: bool) -> &'static str {
        if renames && self.rows.values().any(|rows| rows.parents == 0) {
            "ALTER TABLE ... RENAME TO also renames the table in the foreign keys of others. To rebuild a table, make the new one \
             under another name, drop the old one, and rename the new one; or write `PRAGMA legacy_alter_table = ON;` at the \
             beginning of the file, or for all files as `before: { sqlite: [\"PRAGMA legacy_alter_table = ON\"] }` in \
             `manage::migrations!`."
        } else {
            "Foreign keys are off while a migration runs, so that a table can be rebuilt, and ON DELETE does nothing. Delete or \
             update such rows in the migration, or write `PRAGMA foreign_keys = ON;` at the beginning of the file."
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows.iter().map(|((table, parent), Rows { count, example, parents, .. })| {
            let (rows, refer) = match count {
                1 => ("1 row".to_owned(), "refers"),
                count => (format!("{count} rows"), "refer"),
            };
            let example = match (example, count) {
                (Some(id), 1) => format!(" (rowid {id})"),
                (Some(id), _) => format!(" (rowid {id}, for example)"),
                (None, _) => String::new(),
            };
            let parent = match (parents, count) {
                (0, _) => format!("the table {parent}, which does not exist"),
                (_, 1) => format!("a row of {parent} that does not exist"),
                _ => format!("rows of {parent} that do not exist"),
            };
            format!("{rows} of {table}{example} {refer} to {parent}")
        });
        let broken = self
            .broken
            .iter()
            .map(|(table, why)| format!("the foreign keys of {table} cannot be checked: {why}"));
        f.write_str(&rows.chain(broken).collect::<Vec<_>>().join("; "))
    }
}

/// Returns whether a file turns foreign keys on or off before any other statement. SQLite ignores that in a
/// transaction.
pub(super) fn chosen<'a>(statements: impl Iterator<Item = Statement<'a>>) -> Option<bool> {
    statements
        .take_while(|statement| statement.words(1) == ["PRAGMA"])
        .filter_map(|statement| {
            // SQLite also accepts quotes, a schema and parentheses: `PRAGMA main.foreign_keys("on")`.
            let words = statement.unquoted_words();
            let words = words.iter().map(String::as_str).collect::<Vec<_>>();
            match words.as_slice() {
                ["PRAGMA", "FOREIGN_KEYS", value] | ["PRAGMA", _, "FOREIGN_KEYS", value] => {
                    Some(is_on(value))
                }
                _ => None,
            }
        })
        .last()
}

/// Parses a value as SQLite does: any number except zero also means on.
fn is_on(value: &str) -> bool {
    matches!(value, "ON" | "TRUE" | "YES") || value.parse::<i64>().is_ok_and(|number| number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::script::Script;
    use crate::settings::Backend;

    #[test]
    fn a_file_may_turn_the_keys_on_in_each_way_that_sqlite_knows() {
        let chosen = |sql| chosen(Script::new(sql, Backend::Sqlite).statements());
        for sql in [
            "PRAGMA foreign_keys = ON",
            "-- first\npragma Foreign_Keys=1; SELECT 1",
            "PRAGMA foreign_keys(yes)",
            "PRAGMA main.foreign_keys = 'on';",
            "PRAGMA \"foreign_keys\" = \"TRUE\"",
            "PRAGMA foreign_keys = 2",
            "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = off; PRAGMA foreign_keys = on",
        ] {
            assert_eq!(chosen(sql), Some(true), "{sql}");
        }
        assert_eq!(chosen("PRAGMA foreign_keys = 0"), Some(false));
        assert_eq!(chosen("PRAGMA foreign_keys"), None);
        assert_eq!(chosen("SELECT 1; PRAGMA foreign_keys = ON"), None);
    }
}
