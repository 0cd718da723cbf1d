//! What is known about a migration while its statements are read, in order.

use std::collections::{BTreeMap, BTreeSet};

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

/// A table of SQLite's that a copy replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rebuild {
    /// Its name before and after the migration.
    original: String,
    /// The name that the copy is created with.
    copy: String,
}

/// A migration that is being read.
pub(super) struct Scan {
    pub(super) backend: Backend,
    pub(super) in_transaction: bool,
    /// The tables that this migration creates, with their columns. Nobody uses them yet.
    created: BTreeMap<String, Vec<String>>,
    created_indexes: BTreeSet<String>,
    /// By all names that they have.
    rebuilt: BTreeMap<String, Rebuild>,
    /// The tables that an `ALTER TABLE` has locked.
    pub(super) altered: BTreeSet<String>,
    /// The tables one of whose constraints was validated or added.
    pub(super) validated: BTreeSet<String>,
    pub(super) not_valid: BTreeSet<String>,
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
        rebuilt: BTreeMap::new(),
        altered: BTreeSet::new(),
        validated: BTreeSet::new(),
        not_valid: BTreeSet::new(),
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

    pub(super) fn create(&mut self, table: String, columns: Vec<String>) {
        self.created.insert(table, columns);
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
        let kept = self.created.get(&rebuild.copy).cloned();
        let subject = Subject { table: rebuild.original.clone(), column: None, kept };
        self.push("rebuilding-table", at, Some(subject));
    }

    /// Follows a table that gets another name.
    pub(super) fn rename(&mut self, old: &str, new: String) {
        if let Some(columns) = self.created.remove(old) {
            self.created.insert(new, columns);
        }
    }
}

/// Returns the tables that copies replace: a new table gets the name of one that is dropped, or a table is
/// renamed first and created again under its old name.
fn rebuilt(script: &Script) -> BTreeMap<String, Rebuild> {
    let (mut created, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    let mut renamed = Vec::new();
    for statement in script.statements() {
        let tokens = tokens(&statement);
        let mut rest = Reader(&tokens);
        if rest.eat(&["CREATE"]) {
            rest.eat_any(&["TEMP", "TEMPORARY"]);
            if rest.eat(&["TABLE"]) {
                rest.eat_if_exists();
                created.insert(rest.name());
            }
        } else if rest.eat(&["DROP", "TABLE"]) {
            rest.eat_if_exists();
            dropped.insert(rest.name());
        } else if rest.eat(&["ALTER", "TABLE"]) {
            let old = rest.name();
            if rest.eat(&["RENAME", "TO"]) {
                renamed.push((created.contains(&old), old, rest.name()));
            }
        }
    }
    let mut rebuilt = BTreeMap::new();
    for (is_copy, old, new) in renamed {
        if created.contains(&old) && dropped.contains(&new) {
            let original = if is_copy { new.clone() } else { old.clone() };
            let rebuild = Rebuild { original, copy: old.clone() };
            rebuilt.extend([old, new].map(|name| (name, rebuild.clone())));
        }
    }
    rebuilt
}

/// Returns the columns of a `CREATE TABLE`, from its parentheses.
pub(super) fn created_columns(rest: Reader<'_>) -> Vec<String> {
    rest.inside()
        .parts()
        .into_iter()
        .filter(|part| !columns::is_constraint(*part))
        .map(|mut part| part.name())
        .collect()
}
