//! The difference between the tables of a `schema.rs` and those of a database, and its SQL.

mod compare;
mod keys;
mod order;
mod records;
mod sql;
mod sql_types;

use std::fmt;

use super::declared::{DeclaredColumn, DeclaredTable};
use super::model::TableName;

pub(crate) use compare::{Comparison, Difference, compare};
pub(crate) use sql::{Known, Required, Script, required, write as write_sql};

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
    ChangeKey(Box<KeyChange>),
}

/// Another primary key for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyChange {
    /// The table in the database.
    pub(crate) from: DeclaredTable,
    /// The table in `schema.rs`, under its name in the database.
    pub(crate) to: DeclaredTable,
    /// The foreign keys of the table.
    pub(crate) references: Vec<Reference>,
    /// The foreign keys to the old key, each with its table.
    pub(crate) referring: Vec<(TableRef, Reference)>,
}

impl KeyChange {
    /// Returns the key in the database, for messages.
    fn found(&self) -> String {
        match self.from.key_columns().as_slice() {
            // SQLite's row id.
            [] => "none".to_owned(),
            columns => format!("({})", columns.join(", ")),
        }
    }
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

    fn of_name(name: &TableName) -> Self {
        Self { schema: name.schema.clone(), sql_name: name.sql_name.clone() }
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
    /// Sets the value for existing rows.
    pub(crate) fn set_default(&mut self, sql: String) {
        if let Self::AddColumn { default, .. } | Self::AlterColumn { default, .. } = self {
            *default = Some(sql);
        }
    }

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
            Self::ChangeKey(change) => {
                let to = change.to.key_columns().join(", ");
                write!(f, "~ Change primary key of {}: {} to ({to})", change.to.full_name(), change.found())
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
