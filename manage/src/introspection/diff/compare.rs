//! Compares the tables that a `schema.rs` declares with those of a database.

use std::collections::HashMap;

use super::sql_types::is_same_type;
use super::{DiffError, KeyChange, Operation, Reference, TableRef, order};
use crate::introspection::declared::{Declared, DeclaredColumn, DeclaredTable, DeclaredType};
use crate::introspection::model::{ForeignKey, Table, Tables};
use crate::settings::Backend;

/// The hint for a conflict.
const BY_HAND: &str = "Write a migration by hand: `makemigrations --empty`.";

/// What is compared, and how.
pub(crate) struct Comparison<'a> {
    pub(crate) backend: Backend,
    /// Whether `schema.rs` is for several backends: then it cannot say how each of them spells a type, nor a
    /// maximum length.
    pub(crate) is_portable: bool,
    /// What the app declares.
    pub(crate) declared: &'a Declared,
    /// The database's tables, as print-schema declares them.
    pub(crate) live: &'a Declared,
    /// The same tables, with their foreign keys.
    pub(crate) tables: &'a Tables,
    /// Tables of the database that the app may drop if it does not declare them.
    pub(crate) droppable: &'a dyn Fn(&str) -> bool,
    /// The values for existing rows, by `table.column`.
    pub(crate) defaults: &'a HashMap<String, String>,
}

/// What differs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    /// What brings the database to what is declared, in an order that foreign keys allow.
    pub(crate) operations: Vec<Operation>,
    /// What no operation can bring about.
    pub(crate) conflicts: Vec<DiffError>,
}

/// Returns what differs.
pub(crate) fn compare(comparison: &Comparison<'_>) -> Difference {
    comparison.run()
}

impl Comparison<'_> {
    fn run(&self) -> Difference {
        let (mut created, mut columns, mut removed, mut dropped) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut conflicts = Vec::new();
        for table in &self.declared.tables {
            match self.live_table(table) {
                Some(live) => match self.key_change(table, live) {
                    Some(change) => self.around_key_change(change, (table, live), &mut columns, &mut removed),
                    None => self.columns(table, live, &mut columns, &mut removed),
                },
                None => match self.unusable(table) {
                    Some(conflict) => conflicts.push(conflict),
                    // A view is declared as a table; its query is not in schema.rs.
                    None if self.is_view(table) => {}
                    None => created.push((table.clone(), self.declared_references(table))),
                },
            }
        }
        for live in &self.live.tables {
            let is_declared = self.declared.tables.iter().any(|table| self.is_same_table(table, live));
            if !is_declared && (self.droppable)(&live.sql_name) {
                dropped.push((self.without_implicit_key(live), self.live_references(live)));
            }
        }
        let created = order::parents_first(created);
        let mut dropped = order::parents_first(dropped);
        dropped.reverse();
        let create = |(table, references)| Operation::CreateTable { table, references };
        let drop = |(table, references)| Operation::DropTable { table, references };
        let operations = created.into_iter().map(create).chain(columns).chain(removed);
        Difference { operations: operations.chain(dropped.into_iter().map(drop)).collect(), conflicts }
    }

    /// Returns why a table of the database cannot be compared.
    fn unusable(&self, table: &DeclaredTable) -> Option<DiffError> {
        let mut skipped = self.tables.skipped.iter();
        let skipped = skipped.find(|skipped| self.is_same_name(&skipped.name.sql_name, &table.sql_name))?;
        Some(DiffError {
            message: format!("The table {} cannot be compared: {}.", table.full_name(), skipped.reason),
            hint: BY_HAND.to_owned(),
        })
    }

    fn key_change(&self, table: &DeclaredTable, live: &DeclaredTable) -> Option<Operation> {
        let key = |table: &DeclaredTable| {
            let mut key: Vec<String> = table.key_columns().into_iter().map(str::to_lowercase).collect();
            key.sort();
            key
        };
        let old_key = key(live);
        if key(table) == old_key {
            return None;
        }
        let is_of_key = |column: &String| old_key.contains(&column.to_lowercase());
        let keys =
            self.tables.foreign_keys.iter().filter(|key| {
                key.parent.sql_name == live.sql_name && key.parent_columns.iter().any(is_of_key)
            });
        let referring = keys.map(|key| (TableRef::of_name(&key.child), reference(key))).collect();
        let change = KeyChange {
            from: self.without_implicit_key(live),
            to: DeclaredTable {
                schema: live.schema.clone(),
                sql_name: live.sql_name.clone(),
                ..table.clone()
            },
            references: self.live_references(live),
            referring,
        };
        Some(Operation::ChangeKey(Box::new(change)))
    }

    /// Adds the columns of a new key before it, and removes those of the old one after it. A column is not
    /// nullable while it is part of a key.
    fn around_key_change(
        &self,
        change: Operation,
        (table, live): (&DeclaredTable, &DeclaredTable),
        before: &mut Vec<Operation>,
        after: &mut Vec<Operation>,
    ) {
        let (mut changed, mut removed) = (Vec::new(), Vec::new());
        self.columns(table, live, &mut changed, &mut removed);
        let becomes_nullable = |operation: &Operation| match operation {
            Operation::AlterColumn { from, to, .. } => to.ty.is_nullable && !from.ty.is_nullable,
            _ => false,
        };
        let (nullable, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(becomes_nullable);
        before.extend(changed.into_iter().chain([change]));
        after.extend(nullable.into_iter().chain(removed));
    }

    /// Returns a table of the database as it was declared there: a row id of SQLite's is no column.
    fn without_implicit_key(&self, live: &DeclaredTable) -> DeclaredTable {
        let mut table = live.clone();
        let is_it = |other: &&Table| other.name.sql_name == live.sql_name;
        if self.tables.tables.iter().find(is_it).is_some_and(|table| table.has_implicit_key) {
            table.columns.retain(|column| !live.primary_key.contains(&column.rust_name));
            table.primary_key.clear();
        }
        table
    }

    fn live_table(&self, table: &DeclaredTable) -> Option<&DeclaredTable> {
        self.live.tables.iter().find(|live| self.is_same_table(table, live))
    }

    fn is_view(&self, table: &DeclaredTable) -> bool {
        self.tables.views.iter().any(|view| self.is_same_name(view, &table.sql_name))
    }

    fn is_same_table(&self, a: &DeclaredTable, b: &DeclaredTable) -> bool {
        self.is_same_name(&a.sql_name, &b.sql_name) && a.schema == b.schema
    }

    /// SQLite's names and MySQL's columns have no case; those of MySQL's tables depend on the server.
    fn is_same_name(&self, a: &str, b: &str) -> bool {
        a == b || self.backend != Backend::Postgres && a.eq_ignore_ascii_case(b)
    }

    fn columns(
        &self,
        table: &DeclaredTable,
        live: &DeclaredTable,
        changed: &mut Vec<Operation>,
        removed: &mut Vec<Operation>,
    ) {
        let reference = TableRef::of(live);
        for column in &table.columns {
            let found = live.columns.iter().find(|live| self.is_same_name(&live.sql_name, &column.sql_name));
            let default = self.default(live, column);
            match found {
                None => changed.push(Operation::AddColumn {
                    table: reference.clone(),
                    column: column.clone(),
                    reference: self.declared_reference(table, column),
                    default,
                }),
                Some(from) => {
                    let is_retyped = !self.has_same_type(from, column);
                    if is_retyped || !self.is_equally_nullable(live, from, column) {
                        let to = if is_retyped { column.clone() } else { nullable_as(from, column) };
                        let (table, from) = (reference.clone(), from.clone());
                        changed.push(Operation::AlterColumn { table, from, to, default, is_retyped });
                    }
                }
            }
        }
        for column in &self.without_implicit_key(live).columns {
            if !table.columns.iter().any(|other| self.is_same_name(&column.sql_name, &other.sql_name)) {
                let of_column = |reference: &Reference| reference.columns == [column.sql_name.as_str()];
                removed.push(Operation::DropColumn {
                    table: reference.clone(),
                    column: column.clone(),
                    reference: self.live_references(live).into_iter().find(of_column),
                });
            }
        }
    }

    fn has_same_type(&self, live: &DeclaredColumn, declared: &DeclaredColumn) -> bool {
        // SQLite ignores lengths.
        let has_lengths = self.backend != Backend::Sqlite && !self.is_portable;
        (!has_lengths || live.max_length == declared.max_length)
            && is_same_type(&live.ty, &declared.ty, self.backend, self.is_portable)
    }

    fn is_equally_nullable(
        &self,
        table: &DeclaredTable,
        live: &DeclaredColumn,
        declared: &DeclaredColumn,
    ) -> bool {
        // SQLite reports the key of `INTEGER PRIMARY KEY` as nullable.
        let is_key = self.backend == Backend::Sqlite && table.primary_key.contains(&live.rust_name);
        is_key || live.ty.is_nullable == declared.ty.is_nullable
    }

    fn default(&self, table: &DeclaredTable, column: &DeclaredColumn) -> Option<String> {
        self.defaults.get(&format!("{}.{}", table.full_name(), column.sql_name)).cloned()
    }

    /// Returns the foreign keys that `joinable!` declares for a new table.
    fn declared_references(&self, table: &DeclaredTable) -> Vec<Reference> {
        table.columns.iter().filter_map(|column| self.declared_reference(table, column)).collect()
    }

    fn declared_reference(&self, table: &DeclaredTable, column: &DeclaredColumn) -> Option<Reference> {
        let mut joinable = self.declared.joinable.iter();
        let joinable = joinable
            .find(|joinable| joinable.child == table.rust_name && joinable.column == column.rust_name)?;
        let parent = self.declared.table_named(&joinable.parent).filter(|parent| !self.is_view(parent))?;
        let [key] = parent.key_columns()[..] else { return None };
        Some(Reference {
            columns: vec![column.sql_name.clone()],
            parent: TableRef::of(parent),
            parent_columns: vec![key.to_owned()],
            // MySQL needs it to drop the key.
            name: Some(format!("{}_{}_fkey", table.sql_name, column.sql_name)),
        })
    }

    fn live_references(&self, table: &DeclaredTable) -> Vec<Reference> {
        let keys = self.tables.foreign_keys.iter().filter(|key| key.child.sql_name == table.sql_name);
        keys.map(reference).collect()
    }
}

fn reference(key: &ForeignKey) -> Reference {
    Reference {
        columns: key.columns.clone(),
        parent: TableRef::of_name(&key.parent),
        parent_columns: key.parent_columns.clone(),
        name: key.name.clone(),
    }
}

/// Returns a column of the database that is as nullable as the declared one.
fn nullable_as(live: &DeclaredColumn, declared: &DeclaredColumn) -> DeclaredColumn {
    let ty = DeclaredType { is_nullable: declared.ty.is_nullable, ..live.ty.clone() };
    DeclaredColumn { ty, ..live.clone() }
}
