//! What a database knows of its columns, and `schema.rs` does not: defaults, indexes, checks.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::HashMap;

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::database::Connection;
use crate::settings::Backend;

/// How MySQL and MariaDB report it.
const AUTO_INCREMENT: &str = "auto_increment";

/// What a migration loses that drops a column or a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    /// By table and column.
    columns: HashMap<(String, String), Detail>,
    /// The indexes and checks of a table, with their columns.
    definitions: Vec<Definition>,
    /// The names of primary keys by their tables, on PostgreSQL.
    keys: HashMap<String, String>,
}

#[derive(Clone, Debug, Default)]
struct Detail {
    /// An SQL expression that a new column can have, too.
    default: Option<String>,
    /// Anything else in the column's definition.
    attributes: Option<String>,
}

#[derive(Clone, Debug)]
struct Definition {
    table: String,
    columns: Vec<String>,
    sql: String,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    default_value: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    attributes: Option<String>,
}

#[derive(QueryableByName)]
struct DefinitionRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    /// One in each line.
    #[diesel(sql_type = Nullable<Text>)]
    columns: Option<String>,
    #[diesel(sql_type = Text)]
    definition: String,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

type Rows = (Vec<ColumnRow>, Vec<DefinitionRow>, Vec<KeyRow>);

impl Lost {
    /// Reads the details of all tables of a schema; `None` is the default one.
    pub(crate) fn read(connection: &mut Connection, schema: Option<&str>) -> QueryResult<Self> {
        let (columns, definitions, keys) = match connection.backend() {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite => {
                // It has none.
                let _ = schema;
                sqlite::read(connection)?
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres => postgres::read(connection, schema)?,
            #[cfg(feature = "mysql")]
            Backend::Mysql => mysql::read(connection, schema)?,
            #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
            #[allow(unreachable_patterns)]
            _ => unreachable!("a connection is of a backend that this program was built with"),
        };
        let detail = |row: ColumnRow| {
            ((row.table_name, row.name), Detail { default: row.default_value, attributes: row.attributes })
        };
        let definition = |row: DefinitionRow| Definition {
            table: row.table_name,
            columns: row.columns.unwrap_or_default().lines().map(str::to_owned).collect(),
            sql: row.definition,
        };
        Ok(Self {
            columns: columns.into_iter().map(detail).collect(),
            definitions: definitions.into_iter().map(definition).collect(),
            keys: keys.into_iter().map(|row| (row.table_name, row.name)).collect(),
        })
    }

    fn detail(&self, table: &str, column: &str) -> Option<&Detail> {
        self.columns.get(&(table.to_owned(), column.to_owned()))
    }

    /// Returns the default of a column as an SQL expression.
    pub(super) fn default_of(&self, table: &str, column: &str) -> Option<&str> {
        self.detail(table, column)?.default.as_deref()
    }

    /// Returns the name of a table's primary key, if the backend has names for them.
    pub(super) fn key_of(&self, table: &str) -> Option<&str> {
        self.keys.get(table).map(String::as_str)
    }

    /// Returns what MySQL's MODIFY has to repeat, with a space before it.
    pub(super) fn attributes_of(&self, table: &str, column: &str) -> String {
        let Some(detail) = self.detail(table, column) else { return String::new() };
        let default = detail.default.as_ref().map(|default| format!(" DEFAULT {default}"));
        let attributes = detail.attributes.as_ref().map(|attributes| format!(" {attributes}"));
        default.unwrap_or_default() + &attributes.unwrap_or_default()
    }

    /// Returns whether MySQL numbers the rows in a column.
    pub(super) fn is_numbered(&self, table: &str, column: &str) -> bool {
        let attributes = self.detail(table, column).and_then(|detail| detail.attributes.as_deref());
        attributes.is_some_and(|attributes| attributes.starts_with(AUTO_INCREMENT))
    }

    /// Returns the attributes without the one that numbers the rows.
    pub(super) fn attributes_without_number(&self, table: &str, column: &str) -> String {
        let attributes = self.attributes_of(table, column);
        if self.is_numbered(table, column) {
            return attributes.replacen(AUTO_INCREMENT, "", 1).trim_end().to_owned();
        }
        attributes
    }

    /// Returns comments on what a table had and `schema.rs` cannot restore.
    pub(super) fn of_table(&self, table: &str) -> String {
        let mut columns: Vec<String> = self
            .columns
            .iter()
            .filter(|((of, _), _)| of == table)
            .filter_map(|((_, column), detail)| Some(format!("{column}: {}", detail.text()?)))
            .collect();
        columns.sort();
        let definitions = self.definitions.iter().filter(|definition| definition.table == table);
        comment(columns.into_iter().chain(definitions.map(|definition| definition.sql.clone())))
    }

    /// Returns comments on what a column had, besides a default.
    pub(super) fn of_column(&self, table: &str, column: &str) -> String {
        let attributes = self.detail(table, column).and_then(|detail| detail.attributes.clone());
        let has_column = |definition: &&Definition| {
            definition.table == table && definition.columns.iter().any(|other| other == column)
        };
        let definitions = self.definitions.iter().filter(has_column);
        let attributes = attributes.map(|attributes| format!("{column}: {attributes}"));
        comment(attributes.into_iter().chain(definitions.map(|definition| definition.sql.clone())))
    }
}

impl Detail {
    fn text(&self) -> Option<String> {
        let default = self.default.as_ref().map(|default| format!("DEFAULT {default}"));
        let parts: Vec<String> = default.into_iter().chain(self.attributes.clone()).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// Returns SQL comments, one line each.
fn comment(lost: impl Iterator<Item = String>) -> String {
    let lines: String = lost.map(|text| format!("--   {}\n", text.replace(['\n', '\r'], " "))).collect();
    if lines.is_empty() {
        lines
    } else {
        format!("-- schema.rs does not contain this, so it is not restored:\n{lines}")
    }
}
