//! What a migration says of the columns that may be NULL, and of their defaults.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::Reader;

/// The columns are `table.column`.
#[derive(Clone, Debug, Default)]
pub(super) struct Nulls {
    /// By constraint, as `table.name`: the column of a `CHECK (column IS NOT NULL) NOT VALID` of this migration;
    /// an empty text for any other constraint.
    checks: BTreeMap<String, String>,
    /// The columns that a validated check allows to be NOT NULL without reading all rows.
    checked: BTreeSet<String>,
    /// The tables with a validated constraint that an earlier migration has added: it may be for any column.
    unknown: BTreeSet<String>,
    /// The columns that this migration adds, and whether they are NOT NULL.
    added: BTreeMap<String, bool>,
}

impl Nulls {
    /// Remembers a constraint with `NOT VALID`. `check` is what follows the word `CHECK`, if it is one.
    pub(super) fn add_constraint(&mut self, table: &str, name: &str, check: Option<Reader<'_>>) {
        let mut inside = check.map_or(Reader(&[]), Reader::inside);
        let column = inside.name();
        let is_not_null = inside.is(&["IS", "NOT", "NULL"]) && inside.0.len() == 3;
        let column = if is_not_null { format!("{table}.{column}") } else { String::new() };
        self.checks.insert(format!("{table}.{name}"), column);
    }

    /// `VALIDATE CONSTRAINT`.
    pub(super) fn validate(&mut self, table: &str, name: &str) {
        match self.checks.get(&format!("{table}.{name}")) {
            Some(column) => self.checked.insert(column.clone()),
            None => self.unknown.insert(table.to_owned()),
        };
    }

    /// Returns whether `SET NOT NULL` does not read the rows.
    pub(super) fn is_checked(&self, table: &str, column: &str) -> bool {
        self.unknown.contains(table) || self.checked.contains(&format!("{table}.{column}"))
    }

    pub(super) fn add_column(&mut self, table: &str, column: &str, is_not_null: bool) {
        self.added.insert(format!("{table}.{column}"), is_not_null);
    }

    /// Returns whether this migration adds the column, and then whether it is NOT NULL.
    pub(super) fn added_column(&self, table: &str, column: &str) -> Option<bool> {
        self.added.get(&format!("{table}.{column}")).copied()
    }
}
