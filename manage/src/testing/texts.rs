//! Queries whose results are texts.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::database::Connection;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Returns the column `text` of a query.
pub(super) fn texts(connection: &mut Connection, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(connection)?;
    Ok(rows.into_iter().map(|row| row.text).collect())
}
