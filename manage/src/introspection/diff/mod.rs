//! The difference between the tables of a `schema.rs` and those of a database, and its SQL.

mod compare;
mod order;
mod records;
mod sql;
mod sql_types;

use std::fmt;

use super::declared::{DeclaredColumn, DeclaredTable};

pub(crate) use compare::{Comparison, Difference, compare};
pub(crate) use sql::{Known, Script, write as write_sql};

/// One step from the database to `schema.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateTable {
        table: DeclaredTable,
        references: Vec<Reference>,
    },
    DropTable {
        table: DeclaredTable,
        references: Vec<Reference>,
    },
    AddColumn {
        table: TableRef,
        column: DeclaredColumn,
        reference: Option<Reference>,
        default: Option<String>,
    },
    DropColumn {
        table: TableRef,
        column: DeclaredColumn,
        reference: Option<Reference>,
    },
    AlterColumn {
        table: TableRef,
        from: DeclaredColumn,
        to: DeclaredColumn,
        default: Option<String>,
        /// Whether more than its nullability changes.
        is_retyped: bool,
    },
}

/// A table of an operation on a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableRef {
    pub(crate) schema: Option<String>,
    pub(crate) sql_name: String,
}

/// A foreign key, by names in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<String>,
    pub(crate) parent: TableRef,
    pub(crate) parent_columns: Vec<String>,
    /// The constraint's name, if it is known.
    pub(crate) name: Option<String>,
}

impl TableRef {
    fn of(table: &DeclaredTable) -> Self {
        Self { schema: table.schema.clone(), sql_name: table.sql_name.clone() }
    }
}

impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.sql_name),
            None => f.write_str(&self.sql_name),
        }
    }
}

impl Operation {
    /// Returns the column that is new or changed, as `table.column`.
    pub(crate) fn column(&self) -> Option<String> {
        match self {
            Self::AddColumn { table, column, .. } => Some(format!("{table}.{}", column.sql_name)),
            Self::AlterColumn { table, to, .. } => Some(format!("{table}.{}", to.sql_name)),
            _ => None,
        }
    }
}

/// The operation as Django lists it.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable { table, .. } => write!(f, "+ Create table {}", table.full_name()),
            Self::DropTable { table, .. } => write!(f, "- Delete table {}", table.full_name()),
            Self::AddColumn { table, column, .. } => write!(f, "+ Add column {} to {table}", column.sql_name),
            Self::DropColumn { table, column, .. } => {
                write!(f, "- Remove column {} from {table}", column.sql_name)
            }
            Self::AlterColumn { table, from, to, .. } => {
                write!(f, "~ Alter column {} of {table}: {from} to {to}", to.sql_name)
            }
        }
    }
}

/// Why a difference cannot be written as SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiffError {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DiffError {}
