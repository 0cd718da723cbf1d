//! The rows of the queries, which have the same names on every backend.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::RawTable;

/// A table.
#[derive(QueryableByName)]
pub(super) struct TableRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

impl From<TableRow> for RawTable {
    fn from(row: TableRow) -> Self {
        Self { name: row.name, comment: row.comment }
    }
}

/// A name.
#[derive(QueryableByName)]
pub(super) struct NameRow {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
}
