//! What is known about a database's tables.

use super::names::rust_name;

/// All tables that the settings select, and those that Diesel cannot use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// Every table of the schema, selected or not.
    pub(crate) names: Vec<String>,
    /// What can be queried like a table: views and foreign tables.
    pub(crate) views: Vec<String>,
    /// In order of name.
    pub(crate) tables: Vec<Table>,
    /// Those that Diesel cannot use, in order of name.
    pub(crate) skipped: Vec<Skipped>,
    /// In order of the referring table.
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// A table's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TableName {
    pub(crate) sql_name: String,
    pub(crate) rust_name: String,
    /// `None` for the default schema: `public` on PostgreSQL, the database itself on MySQL.
    pub(crate) schema: Option<String>,
}

impl TableName {
    pub(crate) fn new(sql_name: impl Into<String>, schema: Option<&str>) -> Self {
        let sql_name = sql_name.into();
        Self { rust_name: rust_name(&sql_name, None), sql_name, schema: schema.map(str::to_owned) }
    }

    /// Returns the name in `table!`: `schema.table` in a schema other than the default one.
    pub(crate) fn in_rust(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", rust_name(schema, None), self.rust_name),
            None => self.rust_name.clone(),
        }
    }

    /// Returns the name with its schema, unless that is the default one.
    pub(crate) fn full_sql_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.sql_name),
            None => self.sql_name.clone(),
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    /// The names in the database.
    pub(crate) primary_key: Vec<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) comment: Option<String>,
    /// Whether the key is SQLite's row id, which is among the columns and was not declared.
    pub(crate) has_implicit_key: bool,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) sql_name: String,
    pub(crate) rust_name: String,
    pub(crate) ty: ColumnType,
    pub(crate) comment: Option<String>,
}

/// A column's type, as Diesel names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnType {
    /// The schema of PostgreSQL's type; `None` for `public`.
    pub(crate) schema: Option<String>,
    /// The element's name if it is an array.
    pub(crate) sql_name: String,
    pub(crate) rust_name: String,
    pub(crate) is_array: bool,
    pub(crate) is_nullable: bool,
    pub(crate) is_unsigned: bool,
    pub(crate) max_length: Option<u64>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForeignKey {
    /// The referring table.
    pub(crate) child: TableName,
    /// The referenced table.
    pub(crate) parent: TableName,
    /// The referring columns.
    pub(crate) columns: Vec<String>,
    /// The referenced columns.
    pub(crate) parent_columns: Vec<String>,
    /// The constraint's name, which SQLite does not report.
    pub(crate) name: Option<String>,
}

impl ForeignKey {
    /// Returns both tables in order of name, so that the two directions between them are equal.
    pub(crate) fn both(&self) -> (&TableName, &TableName) {
        ((&self.child).min(&self.parent), (&self.child).max(&self.parent))
    }
}

/// A table that Diesel cannot use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) name: TableName,
    /// A clause: "it has no primary key".
    pub(crate) reason: String,
}
