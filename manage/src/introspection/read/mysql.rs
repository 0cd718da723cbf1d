//! MySQL's and MariaDB's `information_schema`.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::server_rows::{ColumnRow, Queries};
use super::{Raw, RawColumn};
use crate::database::Connection;
use crate::introspection::model::ColumnType;
use crate::introspection::options::{ColumnSorting, PrintSchema};

const TABLES: &str = "\
    SELECT table_name AS name, NULLIF(table_comment, '') AS comment \
    FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'";

const VIEWS: &str = "\
    SELECT table_name AS name \
    FROM information_schema.tables WHERE table_schema = ? AND table_type <> 'BASE TABLE' ORDER BY table_name";

const COLUMNS: &str = "\
    SELECT table_name AS table_name, column_name AS name, column_type AS type_name, \
        CAST(is_nullable = 'YES' AS SIGNED) AS nullable, \
        CAST(character_maximum_length AS SIGNED) AS max_length, NULLIF(column_comment, '') AS comment \
    FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ";

const PRIMARY_KEYS: &str = "\
    SELECT table_name AS table_name, column_name AS name \
    FROM information_schema.key_column_usage WHERE table_schema = ? AND constraint_name = 'PRIMARY' \
    ORDER BY table_name, ordinal_position";

const FOREIGN_KEYS: &str = "\
    SELECT CONCAT(table_name, '.', constraint_name) AS id, constraint_name AS name, table_name AS child, column_name AS child_column, \
        referenced_table_name AS parent, NULLIF(referenced_table_schema, DATABASE()) AS parent_schema, \
        referenced_column_name AS parent_column \
    FROM information_schema.key_column_usage WHERE table_schema = ? AND referenced_column_name IS NOT NULL \
    ORDER BY table_name, constraint_name, ordinal_position";

const QUERIES: Queries =
    Queries { tables: TABLES, primary_keys: PRIMARY_KEYS, foreign_keys: FOREIGN_KEYS, views: VIEWS };

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

pub(super) fn read(connection: &mut Connection, options: &PrintSchema) -> QueryResult<Raw> {
    let database: Name = diesel::sql_query("SELECT DATABASE() AS name").get_result(connection)?;
    let database = database.name.unwrap_or_default();
    let schema = options.schema.as_deref().unwrap_or(&database);
    let order = match options.column_sorting {
        ColumnSorting::OrdinalPosition => "ordinal_position",
        // By the server's collation, as print-schema has it.
        ColumnSorting::Name => "column_name",
    };
    let columns: Vec<ColumnRow> =
        diesel::sql_query(format!("{COLUMNS}{order}")).bind::<Text, _>(schema).load(connection)?;
    let mut raw = QUERIES.read(connection, schema, &database)?;
    for row in columns {
        let ty = column_type(&row);
        let table = raw.columns.entry(row.table_name).or_default();
        table.push(RawColumn { is_implicit: false, name: row.name, ty, comment: row.comment });
    }
    Ok(raw)
}

fn column_type(row: &ColumnRow) -> Result<ColumnType, String> {
    // The server also reports the limit of a type without one, such as text.
    let has_length = row.type_name.contains('(');
    let max_length = row.max_length.filter(|_| has_length).and_then(|length| length.try_into().ok());
    Ok(ColumnType { is_nullable: row.nullable != 0, max_length, ..ColumnType::of_mysql(&row.type_name)? })
}
