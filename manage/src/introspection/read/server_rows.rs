//! The servers' queries, which differ in their SQL, and their rows.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::rows::{NameRow, TableRow};
use super::{Raw, RawTable};
use crate::database::Connection;
use crate::introspection::model::{ForeignKey, TableName};

/// A server's queries; each has the schema as its parameter.
pub(super) struct Queries {
    pub(super) tables: &'static str,
    pub(super) primary_keys: &'static str,
    pub(super) foreign_keys: &'static str,
    pub(super) views: &'static str,
}

impl Queries {
    /// Reads everything but the columns.
    pub(super) fn read(&self, connection: &mut Connection, schema: &str, default: &str) -> QueryResult<Raw> {
        let tables: Vec<TableRow> =
            diesel::sql_query(self.tables).bind::<Text, _>(schema).load(connection)?;
        let primary_keys: Vec<KeyRow> =
            diesel::sql_query(self.primary_keys).bind::<Text, _>(schema).load(connection)?;
        let keys: Vec<ForeignKeyRow> =
            diesel::sql_query(self.foreign_keys).bind::<Text, _>(schema).load(connection)?;
        let views: Vec<NameRow> = diesel::sql_query(self.views).bind::<Text, _>(schema).load(connection)?;
        let schema = Some(schema).filter(|schema| *schema != default);
        Ok(Raw {
            schema: schema.map(str::to_owned),
            tables: tables.into_iter().map(RawTable::from).collect(),
            primary_keys: by_table(primary_keys),
            foreign_keys: foreign_keys(keys, schema),
            views: views.into_iter().map(|view| view.name).collect(),
            ..Raw::default()
        })
    }
}

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
struct KeyRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the names by table.
fn by_table(rows: Vec<KeyRow>) -> HashMap<String, Vec<String>> {
    let mut keys: HashMap<String, Vec<String>> = HashMap::new();
    for KeyRow { table_name, name } in rows {
        keys.entry(table_name).or_default().push(name);
    }
    keys
}

/// A column of a foreign key.
#[derive(QueryableByName)]
struct ForeignKeyRow {
    /// The rows of one key have the same, and follow each other.
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    child_column: String,
    #[diesel(sql_type = Text)]
    parent: String,
    /// `None` for the default schema.
    #[diesel(sql_type = Nullable<Text>)]
    parent_schema: Option<String>,
    #[diesel(sql_type = Text)]
    parent_column: String,
}

/// Puts the columns of each key together; the referring tables are in `schema`.
fn foreign_keys(rows: Vec<ForeignKeyRow>, schema: Option<&str>) -> Vec<ForeignKey> {
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
