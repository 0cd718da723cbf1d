//! Reads the tables of a database.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod rows;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server_rows;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::HashMap;
use std::fmt;

use diesel::result::Error as QueryError;

use super::model::{Column, ColumnType, ForeignKey, Skipped, Table, TableName, Tables};
use super::names::rust_name;
use super::options::PrintSchema;
use crate::database::Connection;
use crate::settings::Backend;

/// What a backend reports of all its tables.
#[derive(Default)]
struct Raw {
    /// The schema in names; `None` for the default one.
    schema: Option<String>,
    tables: Vec<RawTable>,
    /// By table.
    columns: HashMap<String, Vec<RawColumn>>,
    primary_keys: HashMap<String, Vec<String>>,
    foreign_keys: Vec<ForeignKey>,
    views: Vec<String>,
    notes: Vec<String>,
}

struct RawTable {
    name: String,
    comment: Option<String>,
}

struct RawColumn {
    name: String,
    /// Whether it is SQLite's row id, which was not declared.
    is_implicit: bool,
    /// `Err` is a type that Diesel cannot use.
    ty: Result<ColumnType, String>,
    comment: Option<String>,
}

/// Reads the tables that the options select, in one snapshot.
pub(crate) fn read(connection: &mut Connection, options: &PrintSchema) -> Result<Tables, ReadError> {
    let backend = connection.backend();
    if backend == Backend::Sqlite && options.schema.is_some() {
        return Err(ReadError::Schema);
    }
    let raw = connection.read_transaction(|connection| match backend {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite => sqlite::read(connection, options),
        #[cfg(feature = "postgres")]
        Backend::Postgres => postgres::read(connection, options),
        #[cfg(feature = "mysql")]
        Backend::Mysql => mysql::read(connection, options),
        #[expect(clippy::allow_attributes, reason = "the next one depends on the features")]
        #[allow(unreachable_patterns)]
        _ => unreachable!("a connection is of a backend that this program was built with"),
    })?;
    Ok(select(raw, options))
}

/// Divides the selected tables into those that Diesel can use and the others. The tables of Diesel's tools and
/// of this crate begin with two underscores.
fn select(mut raw: Raw, options: &PrintSchema) -> Tables {
    let mut result =
        Tables { notes: raw.notes, views: raw.views, foreign_keys: raw.foreign_keys, ..Tables::default() };
    result.foreign_keys.sort();
    raw.tables.retain(|table| !table.name.starts_with("__"));
    result.names = raw.tables.iter().map(|table| table.name.clone()).collect();
    raw.tables.retain(|table| options.filter.selects(&table.name));
    raw.tables.sort_by(|a, b| a.name.cmp(&b.name));
    for RawTable { name, comment } in raw.tables {
        let columns = raw.columns.remove(&name).unwrap_or_default();
        let primary_key = raw.primary_keys.remove(&name).unwrap_or_default();
        let name = TableName::new(name, raw.schema.as_deref());
        let has_implicit_key = columns.iter().any(|column| column.is_implicit);
        match columns_of(&name, columns) {
            Ok(_) if primary_key.is_empty() => {
                let reason = "it has no primary key, which Diesel needs".to_owned();
                result.skipped.push(Skipped { name, reason });
            }
            Ok(columns) => {
                result.tables.push(Table { name, primary_key, columns, comment, has_implicit_key });
            }
            Err(reason) => result.skipped.push(Skipped { name, reason }),
        }
    }
    result
}

fn columns_of(table: &TableName, columns: Vec<RawColumn>) -> Result<Vec<Column>, String> {
    let column = |RawColumn { name, ty, comment, .. }| match ty {
        Ok(ty) => {
            Ok(Column { rust_name: rust_name(&name, Some(&table.rust_name)), sql_name: name, ty, comment })
        }
        Err(ty) => Err(format!("its column {name} has the type {ty}, which Diesel does not support")),
    };
    columns.into_iter().map(column).collect()
}

/// Why the tables cannot be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// SQLite has no schemas.
    Schema,
    Query(QueryError),
}

impl From<QueryError> for ReadError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schema => "SQLite has no schemas.",
            Self::Query(_) => "The tables of the database cannot be read.",
        })
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Schema => None,
            Self::Query(error) => Some(error),
        }
    }
}
