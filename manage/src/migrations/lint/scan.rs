//! What is known about a migration while its statements are read, in order.

use std::collections::{BTreeMap, BTreeSet};

use super::nulls::Nulls;
use super::rebuilding::{Rebuild, rebuilt};
use super::rules::rule_named;
use super::tokens::{Reader, tokens};
use super::{columns, statements};
use crate::migrations::script::Script;
use crate::settings::Backend;

/// A place where a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) rule: &'static str,
    /// In bytes, from the beginning of the file.
    pub(super) start: usize,
    pub(super) subject: Option<Subject>,
}

/// What a statement drops or renames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) table: String,
    pub(super) column: Option<String>,
    /// The columns that a rebuilt table has.
    pub(super) kept: Option<Vec<String>>,
}

/// A column of a `CREATE TABLE`.
#[derive(Clone, Debug)]
pub(super) struct CreatedColumn {
    pub(super) name: String,
    /// It is NOT NULL and has no default.
    pub(super) is_required: bool,
}

/// A migration that is being read.
pub(super) struct Scan {
    pub(super) backend: Backend,
    pub(super) in_transaction: bool,
    /// The tables that this migration creates, with their columns. Nobody uses them yet.
    created: BTreeMap<String, Vec<CreatedColumn>>,
    created_indexes: BTreeSet<String>,
    /// The created tables without a primary key, with their positions.
    keyless: BTreeMap<String, usize>,
    /// By all names that they have.
    rebuilt: BTreeMap<String, Rebuild>,
    /// The tables that an `ALTER TABLE` has locked.
    pub(super) altered: BTreeSet<String>,
    /// The tables one of whose constraints was validated.
    pub(super) validated: BTreeSet<String>,
    /// The constraints that this transaction adds with `NOT VALID`, as `table.name`.
    pub(super) not_valid: BTreeSet<String>,
    pub(super) nulls: Nulls,
    /// The columns, as `table.column`, whose default this transaction drops, with the positions.
    lost_defaults: BTreeMap<String, usize>,
    /// MySQL: `SET foreign_key_checks = 0` came before.
    pub(super) skips_foreign_keys: bool,
    pub(super) places: Vec<Place>,
}

/// Returns the places of a migration, in order.
pub(super) fn places(script: &Script, in_transaction: bool) -> Vec<Place> {
    let mut scan = Scan {
        backend: script.backend(),
        in_transaction,
        created: BTreeMap::new(),
        created_indexes: BTreeSet::new(),
        keyless: BTreeMap::new(),
        rebuilt: BTreeMap::new(),
        altered: BTreeSet::new(),
        validated: BTreeSet::new(),
        not_valid: BTreeSet::new(),
        nulls: Nulls::default(),
        lost_defaults: BTreeMap::new(),
        skips_foreign_keys: false,
        places: Vec::new(),
    };
    if scan.backend == Backend::Sqlite {
        scan.rebuilt = rebuilt(script);
    }
    for statement in script.statements() {
        let tokens = tokens(&statement);
        statements::read(&mut scan, Reader(&tokens));
    }
    let keyless = std::mem::take(&mut scan.keyless);
    let place = |start| Place { rule: "missing-primary-key", start, subject: None };
    scan.places.extend(keyless.into_values().map(place));
    scan.places.sort_by_key(|place| place.start);
    scan.places.dedup();
    scan.places
}

impl Scan {
    pub(super) fn is(&self, backend: Backend) -> bool {
        self.backend == backend
    }

    /// Reports a rule at the next token.
    pub(super) fn report(&mut self, rule: &'static str, at: Reader<'_>) {
        self.push(rule, at, None);
    }

    /// Reports that something is dropped or renamed.
    pub(super) fn report_removal(
        &mut self,
        rule: &'static str,
        at: Reader<'_>,
        table: &str,
        column: Option<String>,
    ) {
        self.push(rule, at, Some(Subject { table: table.to_owned(), column, kept: None }));
    }

    fn push(&mut self, rule: &'static str, at: Reader<'_>, subject: Option<Subject>) {
        let Some(start) = at.start() else { return };
        // A form that this backend does not have.
        let applies = rule_named(rule).is_some_and(|rule| rule.text(self.backend).is_some());
        let rule = if applies { rule } else { "unread-statement" };
        self.places.push(Place { rule, start, subject: subject.filter(|_| applies) });
    }

    /// `BEGIN` in a migration without a transaction.
    pub(super) fn begin(&mut self) {
        self.in_transaction = true;
    }

    /// `COMMIT`: all locks are released.
    pub(super) fn commit(&mut self) {
        self.in_transaction = false;
        self.altered.clear();
        self.not_valid.clear();
        self.lost_defaults.clear();
    }

    /// Remembers a new table.
    pub(super) fn create(&mut self, table: String, columns: Vec<CreatedColumn>) {
        self.created.insert(table, columns);
    }

    /// Remembers a new table that has no primary key yet.
    pub(super) fn create_keyless(&mut self, table: &str, at: Reader<'_>) {
        // SQLite numbers the rows, and Diesel uses that.
        if self.is(Backend::Sqlite) {
            return;
        }
        self.keyless.extend(at.start().map(|start| (table.to_owned(), start)));
    }

    /// A new table gets a primary key, or is dropped.
    pub(super) fn settle_key(&mut self, table: &str) {
        self.keyless.remove(table);
    }

    /// Reports that a column loses its default.
    pub(super) fn drop_default(&mut self, (table, column): (&str, &str), at: Reader<'_>) {
        let rule = match self.nulls.added_column(table, column) {
            // The default was only for the rows that exist.
            Some(false) => return,
            Some(true) => "adding-required-field",
            None => "ban-drop-default",
        };
        self.report(rule, at);
        if self.in_transaction && self.is(Backend::Postgres) {
            let start = at.start().unwrap_or_default();
            self.lost_defaults.insert(format!("{table}.{column}"), start);
        }
    }

    /// A column gets a default. Nobody has seen it without one, if this transaction has dropped the old one.
    pub(super) fn set_default(&mut self, (table, column): (&str, &str)) {
        if let Some(start) = self.lost_defaults.remove(&format!("{table}.{column}")) {
            let is_it = |rule| matches!(rule, "ban-drop-default" | "adding-required-field");
            self.places.retain(|place| place.start != start || !is_it(place.rule));
        }
    }

    pub(super) fn create_index(&mut self, index: String) {
        self.created_indexes.insert(index);
    }

    pub(super) fn is_new(&self, table: &str) -> bool {
        self.created.contains_key(table)
    }

    pub(super) fn is_new_index(&self, index: &str) -> bool {
        self.created_indexes.contains(index)
    }

    /// Returns whether a copy replaces a table.
    pub(super) fn is_rebuilt(&self, table: &str) -> bool {
        self.rebuilt.contains_key(table)
    }

    /// Reports that a table is dropped because a copy replaces it.
    pub(super) fn report_rebuild(&mut self, at: Reader<'_>, table: &str) {
        let Some(rebuild) = self.rebuilt.get(table) else { return };
        let names = |columns: &Vec<CreatedColumn>| columns.iter().map(|column| column.name.clone()).collect();
        let kept = self.created.get(&rebuild.copy).map(names);
        let subject = Subject { table: rebuild.original.clone(), column: None, kept };
        self.push("rebuilding-table", at, Some(subject));
    }

    /// Follows a table that gets another name.
    pub(super) fn rename(&mut self, old: &str, new: String) {
        if let Some(columns) = self.created.remove(old) {
            if let Some(start) = self.keyless.remove(old) {
                self.keyless.insert(new.clone(), start);
            }
            self.created.insert(new, columns);
        }
    }

    /// Returns whether a table is the copy that replaces another.
    pub(super) fn is_copy(&self, table: &str) -> bool {
        self.rebuilt.get(table).is_some_and(|rebuild| rebuild.copy == table)
    }

    /// Returns the columns of a new table.
    pub(super) fn columns_of(&self, table: &str) -> Vec<String> {
        self.created.get(table).into_iter().flatten().map(|column| column.name.clone()).collect()
    }

    /// Returns the columns of a new table that are NOT NULL and have no default.
    pub(super) fn required_columns_of(&self, table: &str) -> Vec<String> {
        let columns = self.created.get(table).into_iter().flatten();
        columns.filter(|column| column.is_required).map(|column| column.name.clone()).collect()
    }
}

/// Returns the columns of a `CREATE TABLE`, from its parentheses.
pub(super) fn created_columns(rest: Reader<'_>) -> Vec<CreatedColumn> {
    let parts = rest.inside().parts().into_iter().filter(|part| !columns::is_constraint(*part));
    let column = |mut part: Reader<'_>| {
        let name = part.name();
        let has_value = part.has(&["DEFAULT"]) || part.has(&["AS"]);
        // SQLite numbers the rows of an INTEGER PRIMARY KEY.
        let is_required = part.has(&["NOT", "NULL"]) && !has_value && !part.has(&["PRIMARY", "KEY"]);
        CreatedColumn { name, is_required }
    };
    parts.map(column).collect()
}
