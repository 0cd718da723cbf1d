//! The rows of the servers' queries.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::introspection::model::{ForeignKey, TableName};

/// A column of a server's table.
#[derive(QueryableByName)]
pub(super) struct ColumnRow {
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = Text)]
    pub(super) type_name: String,
    #[diesel(sql_type = BigInt)]
    pub(super) nullable: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) max_length: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) comment: Option<String>,
}

/// A column of a primary key.
#[derive(QueryableByName)]
pub(super) struct KeyRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the names by table.
pub(super) fn by_table(rows: Vec<KeyRow>) -> HashMap<String, Vec<String>> {
    let mut keys: HashMap<String, Vec<String>> = HashMap::new();
    for KeyRow { table_name, name } in rows {
        keys.entry(table_name).or_default().push(name);
    }
    keys
}

/// A column of a foreign key.
#[derive(QueryableByName)]
pub(super) struct ForeignKeyRow {
    /// The rows of one key have the same, and follow each other.
    #[diesel(sql_type = Text)]
    pub(super) id: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = Text)]
    pub(super) child: String,
    #[diesel(sql_type = Text)]
    pub(super) child_column: String,
    #[diesel(sql_type = Text)]
    pub(super) parent: String,
    /// `None` for the default schema.
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) parent_schema: Option<String>,
    #[diesel(sql_type = Text)]
    pub(super) parent_column: String,
}

/// Puts the columns of each key together; the referring tables are in `schema`.
pub(super) fn foreign_keys(rows: Vec<ForeignKeyRow>, schema: Option<&str>) -> Vec<ForeignKey> {
    let mut keys: Vec<(String, ForeignKey)> = Vec::new();
    for row in rows {
        let is_next_column = keys.last().is_some_and(|(id, _)| *id == row.id);
        if !is_next_column {
            let key = ForeignKey {
                child: TableName::new(row.child, schema),
                parent: TableName::new(row.parent, row.parent_schema.as_deref()),
                columns: Vec::new(),
                parent_columns: Vec::new(),
                name: Some(row.name),
            };
            keys.push((row.id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(row.child_column);
            key.parent_columns.push(row.parent_column);
        }
    }
    keys.into_iter().map(|(_, key)| key).collect()
}
