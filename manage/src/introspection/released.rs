//! What the `schema.rs` of the running version declares, for the lint of migrations.

use std::path::Path;

use super::declared::Declared;
use crate::console::printable;
use crate::migrations::lint::ReleasedSchema;

/// Reads a `schema.rs`. The error is a sentence.
pub(crate) fn released_schema(path: &Path) -> Result<ReleasedSchema, String> {
    let shown = printable(path);
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown} cannot be read: {error}."))?;
    let declared = Declared::parse(&text)
        .map_err(|error| format!("{shown} cannot be read: {}.", printable(&error.to_string())))?;
    if declared.tables.is_empty() {
        return Err(format!("{shown} declares no table."));
    }
    let columns = |table: &super::declared::DeclaredTable| {
        table.columns.iter().map(|column| column.sql_name.clone()).collect()
    };
    Ok(ReleasedSchema::new(declared.tables.iter().map(|table| (table.full_name(), columns(table)))))
}
