//! SQLite's pragmas.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::rows::{NameRow, TableRow};
use super::{Raw, RawColumn, RawTable};
use crate::database::Connection;
use crate::introspection::model::{ColumnType, ForeignKey, TableName};
use crate::introspection::names::rust_name;
use crate::introspection::options::{ColumnSorting, PrintSchema};

/// The names of a table's implicit key, in the order in which print-schema prefers them.
const ROW_ID: [&str; 3] = ["rowid", "oid", "_rowid_"];

const TABLES: &str = "\
    SELECT name, NULL AS comment FROM sqlite_master \
    WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";

/// Also the generated and hidden columns.
const COLUMNS: &str = "\
    SELECT t.name AS table_name, c.name AS name, c.type AS type, c.\"notnull\" AS not_null, c.pk AS pk \
    FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid";

const WITHOUT_ROW_ID: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr <> 0";

const VIEWS: &str = "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name";

/// One row for each column of a key.
const FOREIGN_KEYS: &str = "\
    SELECT t.name AS child, f.\"from\" AS child_column, f.\"table\" AS parent, f.\"to\" AS parent_column \
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq";

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text, column_name = "type")]
    declaration: String,
    #[diesel(sql_type = BigInt)]
    not_null: i64,
    /// The position in the primary key, or 0.
    #[diesel(sql_type = BigInt)]
    pk: i64,
}

#[derive(QueryableByName)]
struct ForeignKeyRow {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    child_column: String,
    #[diesel(sql_type = Text)]
    parent: String,
    /// `None` if the declaration leaves it out: then it is the primary key.
    #[diesel(sql_type = Nullable<Text>)]
    parent_column: Option<String>,
}

pub(super) fn read(connection: &mut Connection, options: &PrintSchema) -> QueryResult<Raw> {
    let tables: Vec<TableRow> = diesel::sql_query(TABLES).load(connection)?;
    let columns: Vec<ColumnRow> = diesel::sql_query(COLUMNS).load(connection)?;
    let keys: Vec<ForeignKeyRow> = diesel::sql_query(FOREIGN_KEYS).load(connection)?;
    let without: Vec<NameRow> = diesel::sql_query(WITHOUT_ROW_ID).load(connection)?;
    let views: Vec<NameRow> = diesel::sql_query(VIEWS).load(connection)?;
    let tables: Vec<RawTable> = tables.into_iter().map(RawTable::from).collect();

    let mut rows: HashMap<String, Vec<ColumnRow>> = HashMap::new();
    for row in columns {
        rows.entry(row.table_name.clone()).or_default().push(row);
    }
    let primary_keys: HashMap<String, Vec<String>> =
        rows.iter().map(|(table, columns)| (table.clone(), primary_key(columns))).collect();
    let foreign_keys = keys.into_iter().map(|row| foreign_key(row, &primary_keys)).collect();
    let row_ids = RowIds {
        is_used: options.sqlite_integer_primary_key_is_bigint.unwrap_or_default(),
        primary_keys: &primary_keys,
        foreign_keys: &foreign_keys,
        without: &without,
    };
    let columns = rows
        .iter()
        .map(|(table, columns)| (table.clone(), columns_of(table, columns, &row_ids, options)))
        .collect();
    let views = views.into_iter().map(|view| view.name).collect();
    Ok(Raw { tables, columns, primary_keys, foreign_keys, views, ..Raw::default() })
}

/// Returns the columns of the primary key in the table's order, as print-schema has it; without one, a name of
/// the implicit key that is no column's.
fn primary_key(columns: &[ColumnRow]) -> Vec<String> {
    let key: Vec<String> =
        columns.iter().filter(|column| column.pk != 0).map(|column| column.name.clone()).collect();
    if !key.is_empty() {
        return key;
    }
    let is_free = |alias: &&str| columns.iter().all(|column| column.name != *alias);
    ROW_ID.into_iter().find(is_free).map(str::to_owned).into_iter().collect()
}

/// Each column is a key of its own: print-schema does not put them together.
fn foreign_key(row: ForeignKeyRow, primary_keys: &HashMap<String, Vec<String>>) -> ForeignKey {
    let parent_columns = match row.parent_column {
        Some(column) => vec![column],
        None => primary_keys.get(&row.parent).cloned().unwrap_or_else(|| vec![ROW_ID[0].to_owned()]),
    };
    ForeignKey {
        child: TableName::new(row.child, None),
        parent: TableName::new(row.parent, None),
        columns: vec![row.child_column],
        parent_columns,
        name: None,
    }
}

/// Which columns hold SQLite's row ids, which have 64 bits.
struct RowIds<'a> {
    /// Whether their type is `BigInt`.
    is_used: bool,
    primary_keys: &'a HashMap<String, Vec<String>>,
    foreign_keys: &'a Vec<ForeignKey>,
    without: &'a [NameRow],
}

impl RowIds<'_> {
    fn has(&self, table: &str, column: &str, declaration: &str) -> bool {
        self.is_used
            && (declaration.eq_ignore_ascii_case("integer") && self.is_key(table, Some(column))
                || self.references(table, column))
    }

    /// Returns whether a table's key is one column, which is its row id.
    fn is_key(&self, table: &str, column: Option<&str>) -> bool {
        let key = self.primary_keys.get(table).map(Vec::as_slice);
        matches!(key, Some([only]) if column.is_none_or(|column| column == only))
            && self.without.iter().all(|without| without.name != table)
    }

    fn references(&self, table: &str, column: &str) -> bool {
        let keys = self.foreign_keys.iter().filter(|key| key.child.sql_name == table);
        // Of a column whose name is another in Rust, print-schema does not find the key.
        let has_same_name = rust_name(column, Some(table)) == column;
        let last = keys.filter(|key| has_same_name && key.columns == [column]).max();
        last.is_some_and(|key| self.is_key(&key.parent.sql_name, None))
    }
}

fn columns_of(
    table: &str,
    rows: &[ColumnRow],
    row_ids: &RowIds<'_>,
    options: &PrintSchema,
) -> Vec<RawColumn> {
    let mut columns: Vec<RawColumn> = rows
        .iter()
        .map(|row| RawColumn {
            name: row.name.clone(),
            ty: ColumnType::of_sqlite(&row.declaration, row_ids.has(table, &row.name, &row.declaration))
                .map(|ty| ColumnType { is_nullable: row.not_null == 0, ..ty }),
            comment: None,
            is_implicit: false,
        })
        .collect();
    // The implicit key is a column, too.
    if let Some([key]) = row_ids.primary_keys.get(table).map(Vec::as_slice)
        && rows.iter().all(|row| row.name != *key)
    {
        let ty = ColumnType::of_sqlite("integer", row_ids.has(table, key, "integer"));
        columns.insert(0, RawColumn { name: key.clone(), ty, comment: None, is_implicit: true });
    }
    if options.column_sorting == ColumnSorting::Name {
        columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    columns
}
