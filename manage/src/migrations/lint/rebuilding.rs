//! A table of SQLite's that is replaced by a copy with other columns.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::Scan;
use super::tokens::{Reader, tokens};
use crate::migrations::script::Script;

/// A table that a copy replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rebuild {
    /// Its name before and after the migration.
    pub(super) original: String,
    /// The name that the copy is created with.
    pub(super) copy: String,
}

/// Returns the tables that copies replace, by all their names: a new table gets the name of one that is dropped,
/// or a table is renamed first and created again under its old name.
pub(super) fn rebuilt(script: &Script) -> BTreeMap<String, Rebuild> {
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

/// Reads what follows `INSERT` or `REPLACE`. A column of the copy that is NOT NULL, has no default and is not
/// filled from a column did not exist before, or was allowed to be NULL.
pub(super) fn copied(scan: &mut Scan, at: Reader<'_>, mut rest: Reader<'_>) {
    if rest.eat(&["OR"]) {
        rest.skip(1);
    }
    let _ = rest.eat(&["INTO"]);
    let copy = rest.name();
    if !scan.is_copy(&copy) {
        return;
    }
    let columns: Vec<String> = match rest.is(&["("]) {
        true => rest.inside().parts().into_iter().map(|mut column| column.name()).collect(),
        false => scan.columns_of(&copy),
    };
    let _ = rest.eat_parentheses();
    if !rest.eat(&["SELECT"]) {
        return;
    }
    rest.eat_any(&["DISTINCT", "ALL"]);
    let values = rest.until(&["FROM"]).parts();
    if values.iter().any(|value| value.word() == "*" || value.is_empty()) {
        return;
    }
    for column in scan.required_columns_of(&copy) {
        let value = columns.iter().position(|name| *name == column).and_then(|nth| values.get(nth));
        match value {
            None => scan.report("adding-required-field", at),
            Some(value) if !is_column(*value) => scan.report("adding-required-field", *value),
            Some(_) => {}
        }
    }
}

/// Returns whether an expression is the name of a column, perhaps with an alias.
fn is_column(value: Reader<'_>) -> bool {
    let mut rest = value;
    let name = rest.name();
    let is_number = name.starts_with(|c: char| c.is_ascii_digit());
    let is_constant = ["NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"]
        .contains(&value.word());
    let is_name = !name.is_empty() && !is_number && !is_constant && !value.is_string();
    is_name && (rest.is_empty() || rest.is(&["AS"]))
}
