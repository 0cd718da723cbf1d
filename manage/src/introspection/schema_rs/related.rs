//! The tables that foreign keys connect.

use std::collections::BTreeSet;

use crate::introspection::model::{ForeignKey, TableName, Tables};

impl Tables {
    /// Returns the foreign keys that `joinable!` can express: one column that refers to a primary key of one
    /// column, and no other key between the two tables.
    pub(crate) fn joinable(&self) -> Vec<&ForeignKey> {
        let key_of = |name: &TableName| {
            self.tables.iter().find(|table| table.name == *name).map(|table| table.primary_key.as_slice())
        };
        let is_only = |key: &ForeignKey| {
            self.foreign_keys.iter().filter(|other| other.both() == key.both()).count() == 1
        };
        let is_joinable = |key: &&ForeignKey| {
            key.parent != key.child
                && key.columns.len() == 1
                && key_of(&key.child).is_some()
                && key_of(&key.parent)
                    .is_some_and(|of_parent| of_parent.len() == 1 && of_parent == key.parent_columns)
                && is_only(key)
        };
        self.foreign_keys.iter().filter(is_joinable).collect()
    }
}

/// Returns the groups of tables that joinable keys connect, each in order of name, and the groups by their
/// first names.
pub(super) fn groups(tables: &Tables) -> Vec<Vec<&TableName>> {
    let joinable = tables.joinable();
    let mut seen: BTreeSet<&TableName> = BTreeSet::new();
    let mut groups = Vec::new();
    for table in &tables.tables {
        let mut group = BTreeSet::new();
        let mut pending = vec![&table.name];
        while let Some(name) = pending.pop() {
            if seen.insert(name) {
                group.insert(name);
                pending.extend(joinable.iter().filter(|key| key.child == *name).map(|key| &key.parent));
                pending.extend(joinable.iter().filter(|key| key.parent == *name).map(|key| &key.child));
            }
        }
        if !group.is_empty() {
            groups.push(group.into_iter().collect::<Vec<_>>());
        }
    }
    groups.sort();
    groups
}
