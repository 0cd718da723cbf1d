//! The order of tables that refer to each other.

use super::Reference;
use crate::introspection::declared::DeclaredTable;

/// Sorts tables so that each is after those that it refers to. Tables in a circle stay in their order.
pub(super) fn parents_first(
    mut tables: Vec<(DeclaredTable, Vec<Reference>)>,
) -> Vec<(DeclaredTable, Vec<Reference>)> {
    tables.sort_by_key(|(table, _)| table.full_name());
    let mut sorted: Vec<(DeclaredTable, Vec<Reference>)> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |(table, references): &(DeclaredTable, Vec<Reference>)| {
            references.iter().any(|reference| {
                let name = reference.parent.to_string();
                name != table.full_name() && tables.iter().any(|(other, _)| other.full_name() == name)
            })
        };
        let next = tables.iter().position(|table| !waits(table)).unwrap_or_default();
        sorted.push(tables.remove(next));
    }
    sorted
}
